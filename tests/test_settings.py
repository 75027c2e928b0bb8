"""Settings are refused with a sentence when they would hurt."""

from __future__ import annotations

import pytest

from plugin.settings import Settings, SettingsError

GOOD = {"PRACTICUM_SECRET_KEY": "k" * 40, "PRACTICUM_BASE_URL": "https://learn.example.org"}


def test_good_settings_are_taken() -> None:
    settings = Settings.from_environment(GOOD)
    assert settings.host == "learn.example.org"
    assert settings.database_url == "sqlite:///var/practicum.db"
    assert settings.rate_limits


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"PRACTICUM_SECRET_KEY": ""}, "PRACTICUM_SECRET_KEY"),
        ({"PRACTICUM_SECRET_KEY": "short"}, "PRACTICUM_SECRET_KEY"),
        ({"PRACTICUM_BASE_URL": "http://learn.example.org"}, "PRACTICUM_BASE_URL"),
        ({"PRACTICUM_BASE_URL": "learn.example.org"}, "PRACTICUM_BASE_URL"),
        ({"PRACTICUM_BASE_URL": "https://learn.example.org/path"}, "PRACTICUM_BASE_URL"),
        ({"PRACTICUM_DATABASE_URL": "mysql://x"}, "PRACTICUM_DATABASE_URL"),
        ({"PRACTICUM_TRUSTED_PROXIES": "many"}, "PRACTICUM_TRUSTED_PROXIES"),
        ({"PRACTICUM_RATE_LIMITS": "off"}, "PRACTICUM_RATE_LIMITS"),
        ({"PRACTICUM_DEVELOPMENT": "perhaps"}, "PRACTICUM_DEVELOPMENT"),
    ],
)
def test_a_setting_that_would_hurt_is_named(changed: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings.from_environment({**GOOD, **changed})


def test_a_postgres_address_gets_the_installed_driver() -> None:
    settings = Settings.from_environment({**GOOD, "PRACTICUM_DATABASE_URL": "postgresql://u:p@db/practicum"})
    assert settings.database_url == "postgresql+psycopg://u:p@db/practicum"
