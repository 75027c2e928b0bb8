"""Commands as somebody types them, in this process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from plugin.cli import main, shared
from tests.conftest import SECRET


class Shell:
    """Types commands; `set` is the shell's own."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def set(self, name: str, value: str) -> None:
        self.forget()
        self._patch.setenv(name, value)

    @staticmethod
    def forget() -> None:
        """As a new process, which reads its settings anew."""
        if shared.engine.cache_info().currsize:
            shared.engine().dispose()
        shared.settings.cache_clear()
        shared.engine.cache_clear()

    def __call__(self, *arguments: str) -> str:
        """What a command prints that goes well."""
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 0, done.output
        return done.output

    def refused(self, *arguments: str) -> str:
        """What a command prints that does not: a sentence, never a traceback."""
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code in {1, 2}
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done.output


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A development installation; `PRACTICUM_DATABASE_URL` is the test's to set."""
    made = Shell(monkeypatch)
    made.set("PRACTICUM_SECRET_KEY", SECRET)
    made.set("PRACTICUM_DEVELOPMENT", "1")
    yield made
    made.forget()


@pytest.fixture
def practicum(shell: Shell, database_url: str) -> Shell:
    """The same, with a database at head of each kind."""
    shell.set("PRACTICUM_DATABASE_URL", database_url)
    return shell
