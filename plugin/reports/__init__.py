"""Rows to bytes: CSV and XLSX. Knows no table and no request."""
