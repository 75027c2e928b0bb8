"""Settings: environment variables, read once, refused with a sentence when they would hurt."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit


class SettingsError(Exception):
    """A setting that would hurt later; the text names it and the remedy."""


@dataclass(frozen=True)
class Settings:
    """What an installation decides (design: the contract at the command line)."""

    database_url: str = "sqlite:///var/practicum.db"
    base_url: str = "http://localhost:8000"
    secret_key: str = ""
    development: bool = False
    trusted_proxies: int = 0
    rate_limits: bool = True
    metrics_token: str = ""

    @property
    def host(self) -> str:
        """Host and port of the public origin, as registrations name it."""
        return urlsplit(self.base_url).netloc

    @cached_property
    def insecure_cookies(self) -> bool:
        """Plain http away from the loopback: no browser keeps a Secure cookie there."""
        parts = urlsplit(self.base_url)
        return parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read `PRACTICUM_*`.

        Raises:
            SettingsError: a value is missing, malformed or unsafe; the text says which and what to write.
        """
        env = os.environ if environment is None else environment
        development = _flag(env, "PRACTICUM_DEVELOPMENT", default=False)
        return cls(
            database_url=_database_url(env.get("PRACTICUM_DATABASE_URL", cls.database_url)),
            base_url=_base_url(env.get("PRACTICUM_BASE_URL", cls.base_url), development),
            secret_key=_secret_key(env.get("PRACTICUM_SECRET_KEY", ""), development),
            development=development,
            trusted_proxies=_proxies(env.get("PRACTICUM_TRUSTED_PROXIES", "0")),
            rate_limits=_rate_limits(env, development),
            metrics_token=env.get("PRACTICUM_METRICS_TOKEN", ""),
        )


def _flag(env: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = env.get(name, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        raise SettingsError(f"{name}: write 1 or 0, not {value!r}")
    return default


def _database_url(value: str) -> str:
    if value.startswith("postgres://") or value.startswith("postgresql://"):
        # psycopg 3 is the one driver that is installed
        return "postgresql+psycopg://" + value.split("://", 1)[1]
    if value.startswith(("sqlite:///", "postgresql+psycopg://")):
        return value
    raise SettingsError(
        "PRACTICUM_DATABASE_URL: give sqlite:///path/to/file.db or postgresql://user:password@host/name"
    )


def _base_url(value: str, development: bool) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise SettingsError(
            f"PRACTICUM_BASE_URL: give the public origin only, e.g. https://learn.example.org, not {value!r}"
        )
    if parts.scheme == "http" and not development:
        raise SettingsError(
            "PRACTICUM_BASE_URL: an LMS shows this tool in a frame, where browsers keep cookies on https only; "
            "give an https:// origin, or set PRACTICUM_DEVELOPMENT=1 to try it on this computer"
        )
    return f"{parts.scheme}://{parts.netloc}"


def _secret_key(value: str, development: bool) -> str:
    if value and len(value) < 32:
        raise SettingsError("PRACTICUM_SECRET_KEY: give at least 32 characters, e.g. from `openssl rand -hex 32`")
    if value:
        return value
    if not development:
        raise SettingsError(
            "PRACTICUM_SECRET_KEY: is missing; give at least 32 characters, e.g. from `openssl rand -hex 32`"
        )
    return _development_secret()


def _development_secret() -> str:
    """A secret of this checkout, so that web and worker share it and a restart keeps people signed in."""
    path = Path("var/development-secret")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="ascii") as file:
            path.chmod(0o600)
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass  # made by an earlier start: that one is used
    secret = path.read_text(encoding="ascii").strip()
    if len(secret) < 32:
        raise SettingsError(f"{path}: is not a secret of 64 characters; delete the file and start again")
    return secret


def _proxies(value: str) -> int:
    if not value.isdecimal() or int(value) > 10:
        raise SettingsError(f"PRACTICUM_TRUSTED_PROXIES: give the number of proxies in front, 0 to 10, not {value!r}")
    return int(value)


def _rate_limits(env: Mapping[str, str], development: bool) -> bool:
    wanted = _flag(env, "PRACTICUM_RATE_LIMITS", default=True)
    if not wanted and not development:
        raise SettingsError("PRACTICUM_RATE_LIMITS: can be off in development only")
    return wanted
