"""1EdTech's LTI Advantage certification for tools, core section: the cases under their official names
(Conformance Certification Guide 1.3, "Known Bad Payloads", "Valid Teacher Launches", "Valid Student
Launches"). "messsage_type" with three s is the guide's own spelling; we write it right."""

from typing import Any

import pytest

from lti.errors import LaunchRefused
from lti.launch import Launch
from lti.messages import ResourceLaunch
from lti.roles import CourseRole
from tests.lti.peer import INSTITUTION, MEMBERSHIP, NOW, Desk, claims, rsa_key, sign

NOW_SECONDS = int(NOW.timestamp())
NAMES = {"name": None, "given_name": None, "family_name": None}


@pytest.fixture
def desk() -> Desk:
    return Desk()


def refusal(desk: Desk, **changes: Any) -> str:
    """The slug with which a launch is refused; every refusal is a 4xx and a sentence."""
    with pytest.raises(LaunchRefused) as caught:
        desk.launch(**changes)
    assert caught.value.status in (400, 401, 403)
    assert caught.value.sentence.endswith(".")
    return caught.value.code


def test_no_kid_sent_in_jwt_header(desk: Desk) -> None:
    assert refusal(desk, header={"kid": None}) == "key-unnamed"


def test_incorrect_kid_in_jwt_header(desk: Desk) -> None:
    assert refusal(desk, header={"kid": "incorrect"}) in ("key-unknown", "keys-unreachable")


def test_wrong_lti_version(desk: Desk) -> None:
    assert refusal(desk, version="2.0.0") == "version-wrong"
    assert refusal(desk, version="1.3") == "version-wrong"


def test_no_lti_version(desk: Desk) -> None:
    assert refusal(desk, version=None) == "version-wrong"


def test_invalid_lti_message(desk: Desk) -> None:
    """The provided JSON is not a 1.3 JWT launch."""
    began = desk.begin()
    payload = {"name": "badltilaunch", "nonce": began.nonce, "iss": claims("")["iss"], "aud": "tool-1"}
    with pytest.raises(LaunchRefused, match=r"^claim-missing"):
        desk.verify({"state": began.state, "id_token": sign(payload)}, began.cookies)
    for odd in ("not a token", '{"name": "badltilaunch"}'):
        with pytest.raises(LaunchRefused, match=r"^token-malformed"):
            desk.verify({"state": began.state, "id_token": odd}, began.cookies)


def test_invalid_lti_message_signed_by_somebody_else(desk: Desk) -> None:
    assert refusal(desk, key=rsa_key("somebody else")) == "signature-wrong"


@pytest.mark.parametrize(
    "name", ["iss", "aud", "nonce", "exp", "iat", "target_link_uri", "message_type", "deployment_id", "roles"]
)
def test_missing_lti_claims(desk: Desk, name: str) -> None:
    assert refusal(desk, **{name: None}) == "claim-missing"


@pytest.mark.parametrize(
    "dates",
    [
        {"iat": 11111, "exp": 22222},
        {"iat": NOW_SECONDS, "exp": NOW_SECONDS - 1},
        {"iat": NOW_SECONDS + 3600, "exp": NOW_SECONDS + 3660},
        {"iat": NOW_SECONDS - 3600, "exp": NOW_SECONDS + 60},
        {"iat": NOW_SECONDS * 1000, "exp": NOW_SECONDS * 1000 + 60_000},
    ],
)
def test_timestamps_incorrect(desk: Desk, dates: dict[str, int]) -> None:
    assert refusal(desk, **dates) in ("token-expired", "timestamps-wrong")


def test_message_type_claim_missing(desk: Desk) -> None:
    assert refusal(desk, message_type=None) == "claim-missing"


def test_role_claim_missing(desk: Desk) -> None:
    assert refusal(desk, roles=None) == "claim-missing"


def test_deployment_id_claim_missing(desk: Desk) -> None:
    assert refusal(desk, deployment_id=None) == "claim-missing"


def test_resource_link_id_claim_missing(desk: Desk) -> None:
    assert refusal(desk, resource_link=None) == "claim-missing"
    assert refusal(desk, resource_link={"title": "no id"}) == "claim-missing"


def test_user_claim_missing(desk: Desk) -> None:
    assert refusal(desk, sub=None) == "anonymous"


WHO = pytest.mark.parametrize(("who", "role"), [("Instructor", CourseRole.INSTRUCTOR), ("Learner", CourseRole.LEARNER)])


def opened(launch: Launch) -> ResourceLaunch:
    assert isinstance(launch.message, ResourceLaunch)
    return launch.message


@WHO
def test_valid_launch(desk: Desk, who: str, role: CourseRole) -> None:
    message = opened(desk.launch(roles=[f"{MEMBERSHIP}#{who}"]))
    assert message.roles.course_role is role
    assert (message.person.sub, message.person.email) == ("17", "ada@example.org")


@WHO
def test_valid_launch_with_roles(desk: Desk, who: str, role: CourseRole) -> None:
    several = [f"{INSTITUTION}#Student", f"{MEMBERSHIP}#{who}", f"{MEMBERSHIP}#Mentor", f"{INSTITUTION}#Staff"]
    assert opened(desk.launch(roles=several)).roles.course_role is role


@WHO
def test_valid_launch_short_role(desk: Desk, who: str, role: CourseRole) -> None:
    assert opened(desk.launch(roles=[who])).roles.course_role is role


@WHO
def test_valid_launch_unknown_role(desk: Desk, who: str, role: CourseRole) -> None:
    unknown = f"{MEMBERSHIP}/{who}#Unknown{who}"
    assert opened(desk.launch(roles=[unknown, "http://example.org/vocab#Helper"])).roles.course_role is role
    assert opened(desk.launch(roles=[f"{MEMBERSHIP}#unknown/{who}"])).roles.course_role is CourseRole.NONE


def test_valid_launch_no_role(desk: Desk) -> None:
    assert opened(desk.launch(roles=[])).roles.course_role is CourseRole.NONE


def test_valid_launch_email_only(desk: Desk) -> None:
    person = opened(desk.launch(**NAMES)).person
    assert (person.name, person.given, person.family, person.email) == (None, None, None, "ada@example.org")


def test_valid_launch_names_only(desk: Desk) -> None:
    person = opened(desk.launch(email=None)).person
    assert (person.name, person.email) == ("Ada Okafor", None)


def test_valid_launch_no_pii(desk: Desk) -> None:
    person = opened(desk.launch(**NAMES, email=None)).person
    assert person.sub == "17"
    assert (person.name, person.email) == (None, None)


def test_valid_launch_with_email_without_context(desk: Desk) -> None:
    message = opened(desk.launch(context=None))
    assert message.place.context_id is None
    assert message.person.email == "ada@example.org"


def test_valid_launch_new_resource_id(desk: Desk) -> None:
    assert opened(desk.launch()).link_id == "link-9"
    assert opened(desk.launch(resource_link={"id": "a-new-one"})).link_id == "a-new-one"
