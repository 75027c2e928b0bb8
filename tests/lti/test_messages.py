"""Verified claims become values; what the LMS does not say is absent."""

import pytest

from lti import claims as c
from lti.messages import DeepLinkingRequest, ResourceLaunch
from lti.roles import CourseRole, Roles, read
from tests.lti.peer import INSTITUTION, MEMBERSHIP, Desk, deep_linking, refused

SYSTEM = "http://purl.imsglobal.org/vocab/lis/v2/system/person"


def test_a_resource_launch_is_read_whole(desk: Desk) -> None:
    launch = desk.launch()
    message = launch.message
    assert isinstance(message, ResourceLaunch)
    assert (message.person.sub, message.person.given, message.person.family) == ("17", "Ada", "Okafor")
    assert (message.link_id, message.place.link_title) == ("link-9", "Noticing")
    assert (message.place.context_id, message.place.context_types) == ("ctx-3", ("CourseSection",))
    assert message.services.ags_scopes == {c.SCOPE_SCORE, c.SCOPE_LINE_ITEM}
    assert message.services.lineitem == "https://lms.example.org/items/5/lineitem?type_id=2"
    assert message.services.memberships == "https://lms.example.org/members"
    assert message.presentation.document_target == "iframe"
    assert message.launch_origins == ("https://lms.example.org",)
    assert (message.tool_platform.family, message.deployment_id) == ("moodle", "dep-1")
    assert launch.claims["sub"] == "17"


def test_a_learner_who_is_an_instructor_of_the_institution_is_a_learner(desk: Desk) -> None:
    assert desk.launch().message.roles == Roles(CourseRole.LEARNER)


def test_custom_values_that_were_not_substituted_are_absent(desk: Desk) -> None:
    message = desk.launch().message
    assert dict(message.custom) == {"practicum_offering": "feedback", "context_id_history": "ctx-2,ctx-1"}
    assert message.place.context_history == ("ctx-2", "ctx-1")
    assert message.place.link_history == ()


@pytest.mark.parametrize(
    ("value", "told"), [("ctx-1", True), ("", True), ("$Context.id.history", False), (None, False)]
)
def test_a_history_that_is_empty_was_told_and_one_that_was_not_filled_in_was_not(
    desk: Desk, value: str | None, told: bool
) -> None:
    place = desk.launch(custom={"context_id_history": value}).message.place
    assert (place.tells_context_history, place.tells_link_history) == (told, False)


def test_custom_numbers_and_booleans_come_as_text(desk: Desk) -> None:
    custom = {"n": 7, "yes": True, "none": None, "half": 0.5, "empty": ""}
    assert dict(desk.launch(custom=custom).message.custom) == {"n": "7", "yes": "true", "half": "0.5"}


def test_a_return_address_that_is_no_web_address_is_absent(desk: Desk) -> None:
    message = desk.launch(launch_presentation={"return_url": "about:blank"}).message
    assert message.presentation.return_url is None
    assert message.launch_origins == ()


def test_a_deep_linking_request_is_read_whole(desk: Desk) -> None:
    message = desk.launch(**deep_linking(accept_lineitem="true", title="T", text="X")).message
    assert isinstance(message, DeepLinkingRequest)
    assert message.return_url == "https://lms.example.org/chosen"
    assert (message.accept_types, message.targets) == (("ltiResourceLink",), ("iframe", "window"))
    assert (message.accept_multiple, message.accept_lineitem) == (True, True)
    assert (message.data, message.title, message.text) == ("keep this", "T", "X")


def test_what_a_deep_linking_request_does_not_say_is_unsaid(desk: Desk) -> None:
    message = desk.launch(**deep_linking(data=None, accept_multiple=None)).message
    assert isinstance(message, DeepLinkingRequest)
    assert (message.data, message.accept_multiple, message.accept_lineitem) == (None, None, None)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"accept_types": ["link", "file"]}, "links-not-accepted"),
        ({"accept_types": None}, "links-not-accepted"),
        ({"accept_types": "ltiResourceLink"}, "claim-malformed"),
        ({"deep_link_return_url": None}, "claim-missing"),
        ({"deep_link_return_url": "javascript:x"}, "claim-malformed"),
        ({"accept_presentation_document_targets": None}, "claim-missing"),
        ({"accept_multiple": "yes"}, "claim-malformed"),
        ({"data": {"a": 1}}, "claim-malformed"),
    ],
)
def test_an_odd_deep_linking_request_is_refused(desk: Desk, settings: dict[str, object], code: str) -> None:
    with refused(code):
        desk.launch(**deep_linking(**settings))


@pytest.mark.parametrize("kind", ["LtiContextLaunchRequest", "LtiStartProctoring", "odd"])
def test_a_message_that_we_do_not_know_is_refused_with_a_sentence(desk: Desk, kind: str) -> None:
    with refused("message-unknown") as caught:
        desk.launch(message_type=kind)
    assert "does not offer" in caught.value.sentence


@pytest.mark.parametrize(
    ("uris", "role"),
    [
        ([f"{MEMBERSHIP}#Learner"], CourseRole.LEARNER),
        ([f"{MEMBERSHIP}#Instructor"], CourseRole.INSTRUCTOR),
        ([f"{MEMBERSHIP}#Administrator"], CourseRole.ADMINISTRATOR),
        ([f"{MEMBERSHIP}/Instructor#PrimaryInstructor"], CourseRole.INSTRUCTOR),
        ([f"{MEMBERSHIP}/Instructor#TeachingAssistant"], CourseRole.INSTRUCTOR),
        ([f"{MEMBERSHIP}/Learner#GuestLearner"], CourseRole.LEARNER),
        (["Learner"], CourseRole.LEARNER),
        (["Instructor"], CourseRole.INSTRUCTOR),
        (["Instructor", "Learner"], CourseRole.INSTRUCTOR),
        ([f"{MEMBERSHIP}#Mentor"], CourseRole.NONE),
        ([f"{MEMBERSHIP}#ContentDeveloper"], CourseRole.NONE),
        ([f"{INSTITUTION}#Instructor"], CourseRole.NONE),
        ([f"{INSTITUTION}#Faculty", f"{MEMBERSHIP}#Learner"], CourseRole.LEARNER),
        ([f"{SYSTEM}#Administrator"], CourseRole.NONE),
        (["https://evil.example.org/vocab#Instructor"], CourseRole.NONE),
        ([f"{MEMBERSHIP}x#Instructor"], CourseRole.NONE),
        ([f"{MEMBERSHIP}/Instructor"], CourseRole.NONE),
        ([f"{MEMBERSHIP}/Officer#Instructor"], CourseRole.NONE),
        (["#Instructor", "instructor", ""], CourseRole.NONE),
        ([], CourseRole.NONE),
    ],
)
def test_only_membership_roles_decide(uris: list[str], role: CourseRole) -> None:
    assert read(uris).course_role is role


def test_an_administrator_of_the_lms_is_told_apart_and_gets_no_role() -> None:
    assert read([f"{SYSTEM}#Administrator"]) == Roles(CourseRole.NONE, is_lms_administrator=True)
    assert read([f"{INSTITUTION}#Administrator"]).is_lms_administrator
    assert not read([f"{MEMBERSHIP}#Administrator"]).is_lms_administrator


def test_a_test_user_is_told_apart() -> None:
    found = read(["http://purl.imsglobal.org/vocab/lti/system/person#TestUser", "Learner"])
    assert found == Roles(CourseRole.LEARNER, is_test_user=True)


def test_a_message_shows_no_person_when_it_is_printed(desk: Desk) -> None:
    shown = repr(desk.launch())
    assert "Ada" not in shown
    assert "ada@example.org" not in shown
    assert "sesskey" not in shown
