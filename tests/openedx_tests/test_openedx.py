"""Open edX's real platform code launches this tool, chooses content, takes scores and serves rosters.

It is laxer than the standard in places, so a green run does not prove our requests right: `tests/demo_lms` is strict.
But it was written by people who never saw this tool, and what it does thousands of campuses do.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lti import quirks
from lti.errors import PlatformRefused, ServiceError
from lti.grades import LineItem
from lti.quirks import Outcome
from lti.roles import CourseRole
from lti.scores import ActivityProgress, GradingProgress, Score
from plugin.db.outbox import OutboxState
from plugin.db.people import Identity
from tests.cli.conftest import Shell
from tests.connected import LOCAL, OFFERING
from tests.demo_lms import Browser, Page
from tests.openedx_tests.campus import Block, Campus
from tests.openedx_tests.conftest import Tool
from tests.refusals import assert_refused

pytestmark = pytest.mark.xdist_group("openedx")  # one Open edX for all of them
one_engine = pytest.mark.parametrize("tool", ["sqlite"], indirect=True)  # for what does not hang on our database
Register = Callable[[Block], Block]

MODULE = [f"practicum_offering={OFFERING}"]


@pytest.fixture
def block(campus: Campus, tool: Tool, register: Register) -> Block:
    """A unit with our module, written by hand and connected by hand; its gradebook column came with it."""
    return register(campus.course().block(tool.url, custom_parameters=MODULE))


def titled(page: Page) -> bool:
    """Whether it is a page of the tiny pack's module."""
    return page.status == 200 and "One next step" in page.text


# Launches


def test_a_member_gets_to_the_first_page(tool: Tool, block: Block) -> None:
    page = block.launch("ada")
    enrolment = tool.enrolment(block, "ada")
    assert page.url == f"{tool.url}/learn/{enrolment.id}"
    assert titled(page)
    context = tool.context(block)
    assert (context.context_id, context.deployment_id) == (block.course.key, "1")


def test_who_comes_again_is_the_same_member(tool: Tool, block: Block) -> None:
    assert block.launch("ada").url == block.launch("ada").url
    assert block.launch("ben").url != block.launch("ada").url


@one_engine
@pytest.mark.parametrize("username", ["ian", "tess"])
def test_an_author_sees_the_cohort_and_is_not_enrolled(tool: Tool, block: Block, username: str) -> None:
    page = block.launch(username)
    assert "/cohorts/" in page.url
    assert titled(page)


@one_engine
def test_a_member_is_named_only_where_the_block_says_so(tool: Tool, campus: Campus, register: Register) -> None:
    course = campus.course()
    silent = register(course.block(tool.url, custom_parameters=MODULE))
    naming = register(course.block(tool.url, custom_parameters=MODULE, ask_to_send_full_name=True))
    assert "Ada Okafor" not in silent.launch("ada").text
    assert "Ada Okafor" in naming.launch("ada").text


def test_an_id_token_opens_one_launch(block: Block) -> None:
    answer = block.answer("ada")
    assert titled(answer.send())
    assert_refused(answer.send(), says="used already")


# Many clients of one issuer


@pytest.fixture
def two(campus: Campus, tool: Tool, register: Register) -> tuple[Block, Block]:
    """Two units of one course: one issuer, one deployment id, one person's one id, and two clients."""
    course = campus.course()
    first, second = (register(course.block(tool.url, custom_parameters=MODULE)) for _ in range(2))
    assert first.connection["client_id"] != second.connection["client_id"]
    assert first.connection["authorization_url"] == second.connection["authorization_url"]
    return first, second


def test_each_client_of_one_issuer_is_a_connection_of_its_own(tool: Tool, two: tuple[Block, Block]) -> None:
    first, second = two
    assert titled(first.launch("ada"))
    assert titled(second.launch("ada"))
    one, other = tool.enrolment(first, "ada"), tool.enrolment(second, "ada")
    assert one.person_id != other.person_id, "a person is known by connection and sub; only an LSC makes two one"
    assert one.cohort_id != other.cohort_id


def test_a_whole_campus_is_connected_by_one_list(tool: Tool, campus: Campus, practicum: Shell, tmp_path: Path) -> None:
    course = campus.course()
    blocks = [course.block(tool.url, custom_parameters=MODULE) for _ in range(5)]
    path = tmp_path / "campus.jsonl"
    shown = [
        {**block.connection, "issuer": campus.url, "family": "openedx", "deployments": [block.connection["deployment"]]}
        for block in blocks
    ]
    for line in shown:
        del line["deployment"]
    path.write_text("\n".join(json.dumps(line) for line in shown))
    assert "5 connected" in practicum("platforms", "add-many", str(path), "--organization", LOCAL)
    for block in (blocks[0], blocks[-1]):
        assert titled(block.launch("ada"))


def test_the_token_of_one_client_does_not_answer_the_login_of_another(tool: Tool, two: tuple[Block, Block]) -> None:
    first, second = two
    browser = first.campus.browser("ada")
    one, other = first.answer("ada", browser), second.answer("ada", browser)
    assert_refused(one.send(id_token=other.fields["id_token"]))
    with Session(tool.engine) as session:
        sub = first.campus.sub("ada")
        known = session.scalar(
            select(func.count())
            .select_from(Identity)
            .where(
                Identity.sub == sub,
                Identity.platform_id.in_([tool.registration(first).id, tool.registration(second).id]),
            )
        )
    assert known == 0


@one_engine
def test_the_key_of_one_client_opens_no_service_of_another(tool: Tool, two: tuple[Block, Block]) -> None:
    first, second = two
    first.launch("ada")
    second.launch("ada")
    theirs = tool.context(second).line_items_url
    assert theirs is not None
    assert tool.grades.line_items(tool.registration(second), theirs)
    with pytest.raises(ServiceError):
        tool.grades.line_items(tool.registration(first), theirs)


# Deep linking


@pytest.fixture
def empty_block(campus: Campus, tool: Tool, register: Register) -> Block:
    """A unit in which nothing is chosen yet."""
    choosing: dict[str, Any] = {
        "lti_advantage_deep_linking_enabled": True,
        "lti_advantage_deep_linking_launch_url": f"{tool.url}/",
    }
    return register(campus.course().block(tool.url, **choosing))


def test_what_an_author_chooses_is_what_members_open(tool: Tool, empty_block: Block) -> None:
    assert_refused(empty_block.launch("ada"), says="does not say which module")
    browser, picker = empty_block.choose("tess")
    saved = browser.submit(picker, picker.form("/deep-linking/"), offering=OFFERING)
    assert (saved.status, "lti-dl/response" in saved.url) == (200, True), saved.text[:2000]
    page = empty_block.launch("ada")
    assert titled(page)
    assert page.url.endswith(f"/learn/{tool.enrolment(empty_block, 'ada').id}")


@one_engine
def test_an_author_who_adds_nothing_leaves_the_unit_as_it_was(tool: Tool, empty_block: Block) -> None:
    browser, picker = empty_block.choose("ian")
    form = picker.form("/deep-linking/")
    saved = browser.submit(picker, form, cancel="yes")
    assert saved.status == 200, saved.text[:2000]
    assert_refused(empty_block.launch("ada"), says="does not say which module")


@one_engine
def test_the_choice_of_nobody_who_may_write_there_is_not_taken(empty_block: Block) -> None:
    """The answer is ours and well signed, but comes from a browser in which a learner is signed in at the LMS."""
    browser, picker = empty_block.choose("tess")
    assert browser.open(f"{empty_block.campus.url}/sign-in/ada").status == 200
    assert browser.submit(picker, picker.form("/deep-linking/"), offering=OFFERING).status == 403


# Scores


def first_activity(browser: Browser, page: Page) -> Page:
    """Open the first activity of the outline."""
    return browser.open(page.url.partition("?")[0] + "/activities/goal")


def test_a_completion_reaches_the_gradebook_with_the_weight_of_the_unit(tool: Tool, block: Block) -> None:
    browser = block.campus.browser("ada")
    outline = block.launch("ada", browser)
    assert first_activity(browser, outline).status == 200
    tool.work_off()
    assert block.grades() == {}, "who has begun has no grade"
    tool.complete(tool.enrolment(block, "ada"))
    tool.work_off()
    assert block.grades() == {"ada": [{"value": 10.0, "max_value": 10.0}]}
    assert [row.state for row in tool.rows(block)] == [OutboxState.SENT]


def test_a_zero_is_never_sent(tool: Tool, block: Block) -> None:
    for username in ("ada", "ben"):
        browser = block.campus.browser(username)
        first_activity(browser, block.launch(username, browser))
    tool.work_off()
    tool.complete(tool.enrolment(block, "ada"))
    tool.work_off()
    (item,) = items(tool, block)
    told = [(one["userId"], one["gradingProgress"], one.get("scoreGiven")) for one in block.scores(item.id)]
    ada, ben = block.campus.sub("ada"), block.campus.sub("ben")
    assert sorted(told, key=str) == sorted(
        [(ada, "NotReady", None), (ben, "NotReady", None), (ada, "FullyGraded", 1)], key=str
    )
    assert block.grades() == {"ada": [{"value": 10.0, "max_value": 10.0}]}


def items(tool: Tool, block: Block) -> list[LineItem]:
    """The gradebook columns of a block."""
    url = tool.context(block).line_items_url
    assert url is not None
    return tool.grades.line_items(tool.registration(block), url)


def completed(tool: Tool, block: Block, username: str, at: datetime) -> Score:
    """A completion as it is sent."""
    return Score(
        user_id=block.campus.sub(username),
        activity=ActivityProgress.COMPLETED,
        grading=GradingProgress.FULLY_GRADED,
        at=at,
        given=1,
        maximum=1,
        comment="Completed 2026-11-21, 0.5 contact hours",
    )


@one_engine
def test_a_score_is_read_back_and_one_that_was_sent_before_is_found_out(tool: Tool, block: Block) -> None:
    block.launch("ada")
    (item,) = items(tool, block)
    client, score = tool.registration(block), completed(tool, block, "ada", datetime.now(UTC))
    tool.grades.post_score(client, item.id, score)
    with pytest.raises(PlatformRefused) as again:
        tool.grades.post_score(client, item.id, score)
    assert quirks.judge(client.family, again.value).outcome is Outcome.NEWER_THERE
    (shown,) = tool.grades.results(client, item.id, score.user_id)
    assert (shown.score, shown.maximum, shown.comment) == (1.0, 1.0, score.comment)
    assert tool.grades.results(client, item.id, block.campus.sub("ben")) == []


@one_engine
def test_the_unit_has_one_column_where_the_lms_makes_it(tool: Tool, block: Block) -> None:
    """Declarative, which is how Open edX comes: the tool gets a column and makes none."""
    block.launch("ada")
    (item,) = items(tool, block)
    assert (item.resource_link_id, item.label, item.score_maximum) == (block.usage, "One next step", 10)


def test_where_the_tool_makes_the_column_completions_go_there(tool: Tool, campus: Campus, register: Register) -> None:
    """Programmatic: there is no column until the tool made it, and none of it reaches the gradebook but by its link."""
    mode = {"lti_advantage_ags_mode": "programmatic"}
    block = register(campus.course().block(tool.url, custom_parameters=MODULE, **mode))
    block.launch("ada")
    assert items(tool, block) == []
    tool.complete(tool.enrolment(block, "ada"))
    tool.work_off()
    (made,) = items(tool, block)
    assert (made.label, made.resource_id, made.tag) == ("One next step", OFFERING, "completion")
    assert made.resource_link_id == block.usage
    block.launch("ben")  # whoever comes next brings its address, which is the one that was made
    tool.complete(tool.enrolment(block, "ben"))
    tool.work_off()
    assert items(tool, block) == [made]
    completed_by = {"value": 10.0, "max_value": 10.0}
    assert block.grades() == {"ada": [completed_by], "ben": [completed_by]}


@one_engine
def test_a_column_that_is_not_whole_is_refused(tool: Tool, campus: Campus, register: Register) -> None:
    """What `quirks.whole_maximum` says of Open edX."""
    mode = {"lti_advantage_ags_mode": "programmatic"}
    block = register(campus.course().block(tool.url, custom_parameters=MODULE, **mode))
    block.launch("ada")
    column = LineItem("One next step", 45.5, resource_link_id=block.usage)
    with pytest.raises(PlatformRefused) as refused:
        tool.grades.create_line_item(tool.registration(block), str(tool.context(block).line_items_url), column)
    assert refused.value.answered == 400
    assert quirks.of("openedx").whole_maximum


# Rosters


@one_engine
@pytest.mark.parametrize("named", [True, False], ids=["names on", "names off"])
def test_the_roster_is_read_with_names_and_without(tool: Tool, campus: Campus, register: Register, named: bool) -> None:
    course = campus.course(shares_names=named)
    block = register(course.block(tool.url, custom_parameters=MODULE, lti_1p3_enable_nrps=True))
    block.launch("ada")
    url = tool.context(block).memberships_url
    assert url is not None
    members = {member.user_id: member for member in tool.rosters.members(tool.registration(block), url)}
    assert set(members) == {campus.sub(username) for username in ("ada", "ben", "ian", "tess")}
    ada, ian, tess = (members[campus.sub(username)] for username in ("ada", "ian", "tess"))
    assert (ada.name, ada.email) == (("Ada Okafor", "ada@example.org") if named else (None, None))
    assert ada.roles.course_role is CourseRole.LEARNER
    assert tess.roles.course_role is CourseRole.INSTRUCTOR
    assert ian.roles.course_role in (CourseRole.INSTRUCTOR, CourseRole.ADMINISTRATOR)


@one_engine
def test_a_roster_is_read_page_by_page(tool: Tool, campus: Campus, register: Register) -> None:
    block = register(campus.course().block(tool.url, custom_parameters=MODULE, lti_1p3_enable_nrps=True))
    block.launch("ada")
    url = f"{tool.context(block).memberships_url}?limit=1"
    members = [member.user_id for member in tool.rosters.members(tool.registration(block), url)]
    assert len(members) == len(set(members)) == 4


@one_engine
def test_a_unit_without_rosters_offers_none(tool: Tool, block: Block) -> None:
    block.launch("ada")
    assert tool.context(block).memberships_url is None
