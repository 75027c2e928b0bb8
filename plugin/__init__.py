"""Practicum, the application: a union's professional learning inside a district's LMS."""

__version__ = "0.1.0"
