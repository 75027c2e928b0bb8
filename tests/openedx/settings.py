"""Django settings: what lti-consumer-xblock asks of the LMS that it lives in, and no more."""

import os
from pathlib import Path

LMS_ROOT_URL = os.environ["OPENEDX_URL"]  # the issuer, and the beginning of every service's address
LMS_BASE = LMS_ROOT_URL.partition("://")[2]
LEARNING_MICROFRONTEND_URL = LMS_ROOT_URL
PLATFORM_NAME = "Riverbend Open edX"
SERVICE_VARIANT = "lms"
FEATURES: dict[str, bool] = {}
USAGE_ID_PATTERN = r"(?P<usage_id>(?:i4x://?[^/]+/[^/]+/[^/]+/[^@]+(?:@[^/]+)?)|(?:[^/]+))"

SECRET_KEY = "of a peer in tests, which guards nothing"
ALLOWED_HOSTS = ["*"]
DEBUG = False
USE_TZ = True
ROOT_URLCONF = "tests.openedx.urls"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "tests.openedx.apps.Lms",
    "lti_consumer.apps.LTIConsumerApp",
]
MIDDLEWARE = [
    "tests.openedx.views.record",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crum.CurrentRequestUserMiddleware",
    "edx_django_utils.cache.middleware.RequestCacheMiddleware",
    "edx_django_utils.cache.middleware.TieredCacheMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(os.environ["OPENEDX_FOLDER"]) / "openedx.db",
        # nothing here has to outlive the process
        "OPTIONS": {"timeout": 20, "init_command": "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY;"},
    }
}
# launches wait in the cache between their two requests; it is this process's, so there is one process
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
# chosen content comes back from the tool's site, and is taken from whom this cookie names
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
SESSION_COOKIE_SAMESITE = "None"
SESSION_COOKIE_SECURE = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
