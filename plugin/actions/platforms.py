"""Registrations with LMSs: invite, register, add by hand, approve, disable."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti.registration import Registered, ToolDescription
from lti.stores import hosts_of
from lti.urls import is_web_url
from plugin.actions import audit
from plugin.db.platforms import Deployment, Invitation, Platform, PlatformState
from plugin.db.tokens import hashed

INVITATION_LIFE = timedelta(days=7)
ADDRESSES = {"issuer": 500, "authorization_url": 1000, "token_url": 1000, "key_set_url": 1000}  # as their columns


class PlatformRefused(Exception):
    """The registration cannot be made or changed; the text says why and what to do."""


class InvitationRefused(Exception):
    """The registration link does not work; the text is for the LMS administrator who opened it."""


@dataclass(frozen=True)
class ByHand:
    """What an LMS administrator reads off their LMS when there is no dynamic registration."""

    name: str
    issuer: str
    client_id: str
    authorization_url: str
    token_url: str
    key_set_url: str
    deployments: tuple[str, ...] = ()
    token_audience: str | None = None
    family: str | None = None
    shared_client: bool = False
    instructors_are_trainers: bool = False


def described(base_url: str) -> ToolDescription:
    """What we tell an LMS about ourselves."""
    return ToolDescription(
        name="Practicum",
        description="Professional learning of your teachers' union: modules, courses and reflections.",
        home_url=base_url,
        login_url=f"{base_url}/lti/login",
        launch_url=f"{base_url}/lti/launch",
        target_url=f"{base_url}/",
        deep_linking_url=f"{base_url}/",
        key_set_url=f"{base_url}/lti/jwks.json",
        logo_url=f"{base_url}/static/icons/practicum-180.png",
        notices_url=f"{base_url}/lti/notices",
    )


def invite(
    session: Session,
    *,
    organization: int,
    approve: bool = False,
    instructors_are_trainers: bool = False,
    by: int | None = None,
    now: datetime,
) -> str:
    """A one-time registration link's token; it lives for 7 days. `approve` makes what registers active at once."""
    token = secrets.token_urlsafe(32)
    row = Invitation(
        token_hash=hashed(token),
        organization_id=organization,
        approve=approve,
        instructors_are_trainers=instructors_are_trainers,
        created_at=now,
        expires_at=now + INVITATION_LIFE,
    )
    session.add(row)
    session.flush()
    audit.remember(session, "invite platform", f"invitation {row.id}", by=by, organization=organization, now=now)
    return token


def invitation(session: Session, token: str, *, now: datetime) -> Invitation:
    """The invitation of a link that still works.

    Raises:
        InvitationRefused: unknown, used, or too old.
    """
    row = session.scalar(select(Invitation).where(Invitation.token_hash == hashed(token)))
    if row is None:
        raise InvitationRefused(
            "This registration link is not known. Copy it whole, or ask the union's Practicum administrator "
            "for a new one."
        )
    if row.used_at is not None:
        raise InvitationRefused(
            "This registration link was used already: each works once. If the connection did not appear, "
            "ask the union's Practicum administrator for a new link."
        )
    if row.expires_at <= now:
        raise InvitationRefused(
            "This registration link is too old: links live for 7 days. Ask the union's Practicum administrator "
            "for a new one."
        )
    return row


def take(session: Session, token: str, *, now: datetime) -> int:
    """Use an invitation up, before anything is asked of the LMS, so that no link registers twice. Returns its id.

    Raises:
        InvitationRefused: unknown, used, or too old.
    """
    row = invitation(session, token, now=now)
    taken = session.execute(
        update(Invitation).where(Invitation.id == row.id, Invitation.used_at.is_(None)).values(used_at=now)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]  # a cursor result
        invitation(session, token, now=now)
        raise InvitationRefused("This registration link is being used at this moment. Wait for the other window.")
    return row.id


def give_back(session: Session, invitation_id: int) -> None:
    """The LMS refused: the link works again."""
    session.execute(
        update(Invitation).where(Invitation.id == invitation_id, Invitation.platform_id.is_(None)).values(used_at=None)
    )


def register(session: Session, invitation_id: int, registered: Registered, *, now: datetime) -> Platform:
    """Store what registered with an invitation. The same client again (an LMS's "update") changes its addresses.

    Whoever changes where an active connection's keys come from could let anybody in: where the invitation does not
    approve by itself, such a change waits for an administrator like a new connection. A connection that was switched
    off stays off.

    Raises:
        PlatformRefused: the same client belongs to another organization, or something in it cannot be stored.
    """
    row = session.get_one(Invitation, invitation_id)
    found = registered.configuration
    _check_storable(registered)
    platform = _known(session, found.issuer, registered.client_id)
    if platform is not None and platform.organization_id != row.organization_id:
        raise PlatformRefused(
            "This LMS registration belongs to another organization already. Begin a new registration in the LMS."
        )
    if platform is None:
        platform = Platform(
            organization_id=row.organization_id,
            name=host_of(found.issuer),
            issuer=found.issuer,
            client_id=registered.client_id,
            state=PlatformState.ACTIVE if row.approve else PlatformState.PENDING,
            approved_at=now if row.approve else None,
            instructors_are_trainers=row.instructors_are_trainers,
            shared_client=False,
            created_at=now,
        )
        session.add(platform)
    elif row.approve and platform.state is PlatformState.PENDING:
        platform.state, platform.approved_at = PlatformState.ACTIVE, now
    elif not row.approve and platform.state is PlatformState.ACTIVE and _moves(platform, registered):
        platform.state = PlatformState.PENDING
    if platform.key_set_url != found.key_set_url:
        platform.key_set = platform.key_set_fetched_at = None
    platform.authorization_url, platform.token_url = found.authorization_url, found.token_url
    platform.key_set_url, platform.token_audience = found.key_set_url, found.token_audience
    platform.family = found.family.lower()[:64] if found.family else platform.family
    platform.hosts = sorted(set(registered.hosts) | set(platform.hosts or ()))
    session.flush()
    if registered.deployment_id:
        add_deployment(session, platform, registered.deployment_id, by=None, now=now)
    row.platform_id = platform.id
    audit.remember(
        session,
        "register platform",
        f"platform {platform.id}",
        by=None,
        organization=platform.organization_id,
        now=now,
        issuer=platform.issuer,
        state=platform.state.value,
    )
    return platform


def add(
    session: Session,
    given: ByHand,
    *,
    organization: int,
    plain_http: bool = False,
    by: int | None = None,
    now: datetime,
) -> Platform:
    """Add a registration by hand; it is active at once, since whoever may do this may approve.

    `plain_http` lets addresses without TLS pass, for development.

    Raises:
        PlatformRefused: something in it cannot be right, or the client is known already.
    """
    if fault := next(faults(given, plain_http=plain_http), None):
        raise PlatformRefused(fault)
    if _known(session, given.issuer, given.client_id) is not None:
        raise PlatformRefused(connected_already(given))
    platform = as_row(given, organization=organization, now=now)
    session.add(platform)
    session.flush()
    for deployment_id in given.deployments:
        add_deployment(session, platform, deployment_id, by=by, now=now)
    remember_added(session, platform, by=by, now=now)
    return platform


def remember_added(session: Session, platform: Platform, *, by: int | None, now: datetime) -> None:
    """Note down who added a registration that is stored."""
    audit.remember(
        session,
        "add platform",
        f"platform {platform.id}",
        by=by,
        organization=platform.organization_id,
        now=now,
        issuer=platform.issuer,
    )


def connected_already(given: ByHand) -> str:
    """What is said of a client that is known."""
    return f"{given.issuer} with client id {given.client_id} is connected already"


def faults(given: ByHand, *, plain_http: bool) -> Iterator[str]:
    """What cannot be right in a registration by hand, a sentence for each; nothing when all may be."""
    found = [
        *(_address_fault(name, getattr(given, name), most, plain_http=plain_http) for name, most in ADDRESSES.items()),
        _text_fault("client id", given.client_id, 255, "the LMS shows it where the tool was added"),
    ]
    if given.name:
        found.append(_text_fault("name", given.name, 200, "it is what people read"))
    if given.family:
        found.append(_text_fault("family", given.family, 64, "canvas, moodle, blackboard … or leave it out"))
    if given.token_audience:
        found.append(_text_fault("token audience", given.token_audience, 1000, "the LMS's manual says it"))
    found += [_deployment_fault(deployment_id.strip()) for deployment_id in given.deployments]
    yield from (fault for fault in found if fault)


def as_row(given: ByHand, *, organization: int, now: datetime) -> Platform:
    """The row of a registration in which nothing is wrong; it is active."""
    return Platform(
        organization_id=organization,
        name=given.name or host_of(given.issuer),
        issuer=given.issuer,
        client_id=given.client_id,
        authorization_url=given.authorization_url,
        token_url=given.token_url,
        token_audience=given.token_audience,
        key_set_url=given.key_set_url,
        family=given.family.lower() if given.family else None,
        hosts=sorted(hosts_of([given.issuer, given.authorization_url, given.token_url, given.key_set_url])),
        state=PlatformState.ACTIVE,
        instructors_are_trainers=given.instructors_are_trainers,
        shared_client=given.shared_client,
        created_at=now,
        approved_at=now,
    )


def set_state(session: Session, platform: Platform, state: PlatformState, *, by: int | None, now: datetime) -> None:
    """Let launches in, or keep them out. Nothing that was learned or written is touched."""
    platform.state = state
    if state is PlatformState.ACTIVE and platform.approved_at is None:
        platform.approved_at = now
    audit.remember(
        session,
        "set platform state",
        f"platform {platform.id}",
        by=by,
        organization=platform.organization_id,
        now=now,
        state=state.value,
    )


def add_deployment(session: Session, platform: Platform, deployment_id: str, *, by: int | None, now: datetime) -> None:
    """Let launches of a deployment in; known ones stay as they are.

    Raises:
        PlatformRefused: it is empty or longer than 255 characters.
    """
    deployment_id = deployment_id.strip()
    if fault := _deployment_fault(deployment_id):
        raise PlatformRefused(fault)
    known = session.scalar(
        select(Deployment.id).where(Deployment.platform_id == platform.id, Deployment.deployment_id == deployment_id)
    )
    if known is None:
        session.add(Deployment(platform_id=platform.id, deployment_id=deployment_id, created_at=now))
        audit.remember(
            session,
            "add deployment",
            f"platform {platform.id}",
            by=by,
            organization=platform.organization_id,
            now=now,
            deployment=deployment_id,
        )


def _moves(platform: Platform, registered: Registered) -> bool:
    """Whether a registration has other addresses than those that were approved."""
    found = registered.configuration
    return (platform.authorization_url, platform.token_url, platform.key_set_url) != (
        found.authorization_url,
        found.token_url,
        found.key_set_url,
    )


def _check_storable(registered: Registered) -> None:
    """What an LMS says of itself has to fit in its columns; it may be anybody's words."""
    found = registered.configuration
    fits = [len(getattr(found, name)) <= longest for name, longest in ADDRESSES.items()]
    words = (registered.client_id, registered.deployment_id, found.family, found.token_audience)
    if not all(fits) or not all(word is None or word.isprintable() for word in words):
        raise PlatformRefused(
            "The LMS answered with something that cannot be kept: an address that is too long, or an id with odd "
            "characters. Connect the LMS by hand, and report this to its maker."
        )


def _address_fault(name: str, value: str, longest: int, *, plain_http: bool) -> str | None:
    word = name.replace("_url", " URL").replace("_", " ")
    if not is_web_url(value) or len(value) > longest:
        return f"{word}: write the whole address, e.g. https://lms.example.org/…"
    if not plain_http and not value.lower().startswith("https://"):
        return f"{word}: has to begin with https://; plain http is for development only"
    return None


def _text_fault(name: str, value: str, longest: int, remedy: str) -> str | None:
    if not value.strip() or value != value.strip() or len(value) > longest or not value.isprintable():
        return f"{name}: write 1 to {longest} characters without blanks around them; {remedy}"
    return None


def _deployment_fault(deployment_id: str) -> str | None:
    if not 0 < len(deployment_id) <= 255 or not deployment_id.isprintable():
        return "deployment id: write the 1 to 255 characters that the LMS shows"
    return None


def _known(session: Session, issuer: str, client_id: str) -> Platform | None:
    return session.scalar(select(Platform).where(Platform.issuer == issuer, Platform.client_id == client_id))


def host_of(issuer: str) -> str:
    """What a connection is called until somebody names it: the host of its issuer."""
    return issuer.split("://", 1)[-1].split("/", 1)[0][:200]
