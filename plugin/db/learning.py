"""What is taught (offerings, versions), where (contexts, cohorts), by whom (enrolments) and how far they are."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.db.base import Base, Key, OneOf, allowed
from plugin.domain.columns import Choice


class OfferingKind(StrEnum):
    """Forms an offering takes."""

    MODULE = "module"
    COURSE = "course"
    WEBINAR = "webinar"


class EnrolmentState(StrEnum):
    """Whether somebody is still at it."""

    ACTIVE = "active"
    COMPLETED = "completed"


class Offering(Base):
    """What is taught."""

    __tablename__ = "offerings"
    __table_args__ = (CheckConstraint(allowed("kind", OfferingKind), name="kind"),)

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[OfferingKind] = mapped_column(OneOf(OfferingKind))
    title: Mapped[str] = mapped_column(String(200))
    summary: Mapped[str] = mapped_column(String(1000))
    minutes: Mapped[int] = mapped_column(Integer)
    sessions: Mapped[int] = mapped_column(Integer, default=1, server_default="1")  # how many, in the current version
    current_version_id: Mapped[int | None]  # what a new cohort gets; no foreign key, since versions point here


class Version(Base):
    """An immutable edition of an offering: the rendered pack, as a document."""

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("offering_id", "number"),)

    id: Mapped[Key]
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"))
    number: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    minutes: Mapped[int] = mapped_column(Integer)
    document: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    published_at: Mapped[datetime]


class Context(Base):
    """An LMS course, as the LMS names it; what it says of itself, nothing more."""

    __tablename__ = "contexts"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_id", "context_id"),)

    id: Mapped[Key]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    deployment_id: Mapped[str] = mapped_column(String(255))
    context_id: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(255))
    line_items_url: Mapped[str | None] = mapped_column(String(2000))
    memberships_url: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    begins_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    said_dates: Mapped[str | None] = mapped_column(String(100))  # both as the LMS writes them: a launch compares these


class Cohort(Base):
    """A run of a version in a local. Where an LMS course holds it, there is one for each offering."""

    __tablename__ = "cohorts"
    __table_args__ = (
        UniqueConstraint("context_id", "offering_id"),
        CheckConstraint(allowed("column_choice", Choice), name="column_choice"),
    )

    id: Mapped[Key]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"), index=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    context_id: Mapped[int | None] = mapped_column(ForeignKey("contexts.id"))
    name: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    # which gradebook columns an instructor wants for it
    column_choice: Mapped[Choice] = mapped_column(
        OneOf(Choice), default=Choice.COMPLETION, server_default=Choice.COMPLETION.value
    )
    # what its LMS course and links say of days (`plugin.actions.course_dates`), here so that a page asks nothing more
    dates: Mapped[dict[str, Any] | None]


class ResourceLink(Base):
    """One link to us inside an LMS course. Progress never hangs on it (design, rule 6)."""

    __tablename__ = "resource_links"
    __table_args__ = (UniqueConstraint("context_id", "resource_link_id"),)

    id: Mapped[Key]
    context_id: Mapped[int] = mapped_column(ForeignKey("contexts.id"))
    resource_link_id: Mapped[str] = mapped_column(String(255))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"), index=True)
    session_number: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime]
    available_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    said_dates: Mapped[str | None] = mapped_column(String(100))  # as for its context


class Enrolment(Base):
    """A person in a cohort; progress hangs here."""

    __tablename__ = "enrolments"
    __table_args__ = (
        UniqueConstraint("person_id", "cohort_id"),
        CheckConstraint(allowed("state", EnrolmentState), name="state"),
        CheckConstraint("(state = 'completed') = (completed_at IS NOT NULL)", name="completion_is_dated"),
        # reports page by key within an organization
        Index("ix_enrolments_organization_id_enrolled_at_id", "organization_id", "enrolled_at", "id"),
        Index("ix_enrolments_cohort_id_state", "cohort_id", "state"),
    )

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))  # the cohort's, for the index
    identity_id: Mapped[int] = mapped_column(ForeignKey("identities.id"))  # whom the LMS is told about
    state: Mapped[EnrolmentState] = mapped_column(OneOf(EnrolmentState))
    enrolled_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    last_activity: Mapped[str | None] = mapped_column(String(64))  # key of the activity opened last


class Progress(Base):
    """One activity of one enrolment: when it was opened first, where the reader was, when it was done."""

    __tablename__ = "progress"

    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"), primary_key=True)
    activity: Mapped[str] = mapped_column(String(64), primary_key=True)  # the activity's key in the version
    opened_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    position: Mapped[int] = mapped_column(Integer)  # how far down the page the reader was, 0–1000
    minutes: Mapped[int | None] = mapped_column(Integer)  # credited when done: the designed minutes of that day


class Answer(Base):
    """One try at a question, scenario or statement. Every try is kept."""

    __tablename__ = "answers"
    __table_args__ = (Index("ix_answers_enrolment_id_activity", "enrolment_id", "activity"),)

    id: Mapped[Key]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    activity: Mapped[str] = mapped_column(String(64))
    item: Mapped[str] = mapped_column(String(64))  # the question's, scenario's or statement's key
    choice: Mapped[str] = mapped_column(String(16))
    right: Mapped[bool | None]  # None where there is no right answer
    answered_at: Mapped[datetime]


class Completion(Base):
    """The record that an offering was completed: written once, with what it was worth that day."""

    __tablename__ = "completions"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="minutes"),
        Index("ix_completions_organization_id_completed_at_id", "organization_id", "completed_at", "id"),
    )

    id: Mapped[Key]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    completed_at: Mapped[datetime]
    minutes: Mapped[int] = mapped_column(Integer)
