"""Organizations, people, the LMS identities they come with, grants, and sign-ins."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.db.base import Base, Key, OneOf, allowed
from plugin.domain.people import CourseRole, Role


class OrganizationKind(StrEnum):
    """Levels of the union's tree."""

    NATIONAL = "national"
    FEDERATION = "federation"
    LOCAL = "local"


class Organization(Base):
    """A union body: national, federation or local."""

    __tablename__ = "organizations"
    __table_args__ = (CheckConstraint(allowed("kind", OrganizationKind), name="kind"),)

    id: Mapped[Key]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[OrganizationKind] = mapped_column(OneOf(OrganizationKind))
    time_zone: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class OrganizationLine(Base):
    """The tree, written out: each organization with itself and everything above it, so a scope is one join."""

    __tablename__ = "organization_lines"

    ancestor_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), primary_key=True, index=True)


class Person(Base):
    """Somebody, across platforms. `legal_name` is what records and certificates carry, asked once."""

    __tablename__ = "people"

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(200))  # as the LMS gives it; empty when it gives none
    legal_name: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]


class Identity(Base):
    """A person as one platform knows them: (platform, deployment where a client is shared, sub) (design, rule 7)."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_key", "sub"),)

    id: Mapped[Key]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    deployment_key: Mapped[str] = mapped_column(String(255))  # "" unless many customers share the client
    sub: Mapped[str] = mapped_column(String(255))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    email: Mapped[str | None] = mapped_column(String(320))
    created_at: Mapped[datetime]
    last_launch_at: Mapped[datetime]


class Grant(Base):
    """A role inside Practicum for a person, within an organization (and below it), from a day to a day.

    It begins as a one-time code without a person and is bound by whoever opens it after a launch.
    """

    __tablename__ = "grants"
    __table_args__ = (
        CheckConstraint(allowed("role", Role), name="role"),
        CheckConstraint("(person_id IS NULL) = (bound_at IS NULL)", name="binding_is_dated"),
        CheckConstraint("person_id IS NOT NULL OR code_hash IS NOT NULL", name="reachable"),
        Index("ix_grants_person_id_role", "person_id", "role"),
    )

    id: Mapped[Key]
    role: Mapped[Role] = mapped_column(OneOf(Role))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(ForeignKey("cohorts.id"), index=True)  # None: every cohort
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)  # the last day it holds
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    code_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    bound_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignIn(Base):
    """A browser in which somebody came in through a launch. The cookie holds the token, this row only its hash."""

    __tablename__ = "sign_ins"
    __table_args__ = (CheckConstraint(allowed("course_role", CourseRole), name="course_role"),)

    id: Mapped[Key]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    context_id: Mapped[int | None] = mapped_column(ForeignKey("contexts.id"))
    course_role: Mapped[CourseRole] = mapped_column(OneOf(CourseRole))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    # a launch that waits for a new window because the frame keeps no cookie: used once, then a sign-in like any other
    waiting: Mapped[bool]
    next_path: Mapped[str] = mapped_column(String(500))
    # the page that framed the launch, where it is not on one of the platform's own hosts: "learn.district.example:8443"
    frame_host: Mapped[str | None] = mapped_column(String(300))
