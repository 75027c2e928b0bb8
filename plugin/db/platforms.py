"""Registrations with LMSs, their deployments, our keys, invitations, and what keeps a launch from being used twice."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.db.base import Base, Key, OneOf, allowed


class PlatformState(StrEnum):
    """Whether launches from it are let in."""

    PENDING = "pending"
    ACTIVE = "active"
    DISABLED = "disabled"


class Platform(Base):
    """An LMS registration: issuer and client id, for one organization."""

    __tablename__ = "platforms"
    __table_args__ = (
        UniqueConstraint("issuer", "client_id"),
        CheckConstraint(allowed("state", PlatformState), name="state"),
    )

    id: Mapped[Key]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    issuer: Mapped[str] = mapped_column(String(500))
    client_id: Mapped[str] = mapped_column(String(255))
    authorization_url: Mapped[str] = mapped_column(String(1000))
    token_url: Mapped[str] = mapped_column(String(1000))
    token_audience: Mapped[str | None] = mapped_column(String(1000))
    key_set_url: Mapped[str] = mapped_column(String(1000))
    key_set: Mapped[str | None] = mapped_column(Text)  # last good JWKS document
    key_set_fetched_at: Mapped[datetime | None]
    family: Mapped[str | None] = mapped_column(String(64))  # tool_platform.product_family_code
    hosts: Mapped[list[str]]  # where its pages and services live: frames and service URLs are held to these
    state: Mapped[PlatformState] = mapped_column(OneOf(PlatformState))
    instructors_are_trainers: Mapped[bool]
    shared_client: Mapped[bool]  # one client id serves many customers: people are keyed by deployment, too
    created_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]
    # whether its launches say what course and link were copied from; None: none has been looked at
    tells_context_history: Mapped[bool | None]
    tells_link_history: Mapped[bool | None]


class Deployment(Base):
    """A place inside the LMS where the tool was put."""

    __tablename__ = "deployments"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_id"),)

    id: Mapped[Key]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    deployment_id: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]


class ToolKey(Base):
    """A key pair of ours; the private half is stored encrypted with a key derived from the secret."""

    __tablename__ = "tool_keys"

    id: Mapped[Key]
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    private_key: Mapped[str] = mapped_column(Text)
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]  # taken out at once; a rotated key needs no date, `lti.keys` reckons it


class UsedNonce(Base):
    """A launch's nonce, once it has opened anything: the second use finds it taken."""

    __tablename__ = "used_nonces"

    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Invitation(Base):
    """A one-time dynamic registration link; it dies when used."""

    __tablename__ = "invitations"

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    approve: Mapped[bool]
    instructors_are_trainers: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    platform_id: Mapped[int | None] = mapped_column(ForeignKey("platforms.id"))


class DeepLinkingRequest(Base):
    """A request of an LMS to choose content, kept until it is answered once."""

    __tablename__ = "deep_linking_requests"

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    deployment_id: Mapped[str] = mapped_column(String(255))
    settings: Mapped[dict[str, Any]]  # return URL, data and what the LMS accepts, as verified
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
