"""`practicum outbox …` and `practicum keys …`, as somebody types them."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, update

from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.session import transaction
from plugin.domain.scores import Progress
from tests.actions.test_outbox import row_of, tell
from tests.cast import Cast
from tests.cli.conftest import Shell


@pytest.fixture
def refused(cast: Cast, engine: Engine) -> Cast:
    """Ada's completion was refused here, and so was her namesake's elsewhere; Ben's waits."""
    with transaction(engine) as session:
        for actor in (cast.ada, cast.other.ada, cast.ben):
            tell(session, actor, Progress.COMPLETED)
        adas = update(OutboxRow).where(OutboxRow.person_id.in_([cast.ada.id, cast.other.ada.id]))
        session.execute(adas.values(state=OutboxState.REFUSED, problem="The grade column is gone."))
    return cast


def test_the_list_says_what_waits_and_what_is_wrong_without_names(refused: Cast, practicum: Shell) -> None:
    lines = practicum("outbox", "list").splitlines()
    assert len(lines) == 3
    assert sum("The grade column is gone." in line for line in lines) == 2
    assert "Okafor" not in "".join(lines)


def test_the_list_is_narrowed_by_state_and_organization(refused: Cast, practicum: Shell) -> None:
    assert len(practicum("outbox", "list", "--state", "refused", "--organization", "Local 1").splitlines()) == 1
    assert len(practicum("outbox", "list", "--state", "due", "--organization", "Local 2").splitlines()) == 0


def test_one_is_sent_again_by_its_number(refused: Cast, practicum: Shell, engine: Engine) -> None:
    row = row_of(engine, refused.ada)
    assert "sent again" in practicum("outbox", "resend", str(row.id))
    assert row_of(engine, refused.ada).state is OutboxState.DUE
    assert "there is no 999" in practicum.refused("outbox", "resend", "999")


def test_all_that_was_refused_in_an_organization_is_sent_again(refused: Cast, practicum: Shell, engine: Engine) -> None:
    assert "1 are sent again" in practicum("outbox", "resend", "--refused", "--organization", "Local 1")
    assert row_of(engine, refused.other.ada).state is OutboxState.REFUSED
    assert "there is no organization" in practicum.refused("outbox", "resend", "--refused", "--organization", "Nowhere")


@pytest.mark.parametrize("arguments", [(), ("--refused",), ("1", "--refused"), ("--organization", "Local 1")])
def test_half_a_request_is_answered_with_a_whole_one(practicum: Shell, arguments: tuple[str, ...]) -> None:
    assert "--refused --organization" in practicum.refused("outbox", "resend", *arguments)


def test_keys_are_rotated_and_listed(practicum: Shell) -> None:
    practicum("keys", "rotate")
    practicum("keys", "rotate")
    assert [line.split("\t")[2] for line in practicum("keys", "list").splitlines()] == ["signs", "published"]
    assert "signs now" in practicum("keys", "rotate", "--at-once")
    assert [line.split("\t")[2] for line in practicum("keys", "list").splitlines()] == ["revoked", "revoked", "signs"]
