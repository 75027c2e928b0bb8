"""The application that stands for the LMS."""

from django.apps import AppConfig


class Lms(AppConfig):
    """Users, courses and blocks."""

    name = "tests.openedx"
    label = "lms"

    def ready(self):
        """Put what an LMS answers into the places where the package asks for it."""
        from tests.openedx import lms

        lms.install()
