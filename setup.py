"""Practicum's distribution: three rooms, one command."""

from pathlib import Path

from setuptools import find_packages, setup

setup(
    name="practicum",
    version="0.1.0",
    description="A teachers' union's professional learning, inside the LMS a district already has (LTI 1.3)",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    python_requires=">=3.11",
    # `migrations/` stays at the top of the tree and travels inside the application as plugin.migrations.
    packages=[
        *find_packages(include=["plugin", "plugin.*", "lti", "lti.*", "content", "content.*"]),
        "plugin.migrations",
        "plugin.migrations.versions",
    ],
    package_dir={"plugin.migrations": "migrations", "plugin.migrations.versions": "migrations/versions"},
    package_data={
        "plugin": ["web/templates/**/*", "web/static/**/*", "web/translations/**/*"],
        "plugin.migrations": ["script.py.mako"],
        "content": ["packs/**/*", "*.yaml", "README.md"],
    },
    install_requires=[
        "flask>=3.1",
        "flask-login>=0.6.3",
        "flask-wtf>=1.2",
        "flask-limiter>=4.0",
        "flask-babel>=4.0",
        "sqlalchemy>=2.1,<2.2",
        "alembic>=1.14",
        "psycopg[binary]>=3.2",
        "PyLTI1p3==2.0.0",
        "joserfc>=1.0",
        "cryptography>=44",
        "click>=8.1",
        "granian>=2.8",
        "markdown-it-py>=3.0",
        "mdit-py-plugins>=0.4",
        "nh3>=0.2.18",
        "ruamel.yaml>=0.18",
        "XlsxWriter>=3.2",
        "prometheus-client>=0.21",
    ],
    extras_require={
        "test": [
            "pytest>=9.0",
            "pytest-xdist>=3.6",
            "hypothesis>=6.100",
            "urllib3>=2.3",
            "playwright>=1.49",
            "axe-playwright-python>=0.1.4",
            "import-linter>=2.1",
            "mypy>=2.0",
            "ruff>=0.15",
        ],
    },
    entry_points={"console_scripts": ["practicum=plugin.cli:main"]},
)
