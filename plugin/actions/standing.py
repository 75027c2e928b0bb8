"""Where an enrolment stands: each activity's state, from its progress row and its reflection. Two queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

import content
from plugin.actions import audit, offerings, scores
from plugin.db.learning import Cohort, Completion, Enrolment, EnrolmentState, Progress
from plugin.db.reflections import Reflection
from plugin.domain import completion, hours
from plugin.domain.columns import WHOLE, Kind, Part
from plugin.domain.progress import ActivityState, Step
from plugin.domain.review import State
from plugin.domain.scores import Progress as Told
from plugin.domain.scores import Reached

OF_REFLECTION = {
    State.DRAFTING: ActivityState.OPENED,
    State.KEPT: ActivityState.DONE,
    State.SUBMITTED: ActivityState.WAITING,
    State.IN_REVIEW: ActivityState.WAITING,
    State.RETURNED: ActivityState.RETURNED,
    State.MET: ActivityState.DONE,
}

TOLD_OF_REFLECTION = {
    State.SUBMITTED: Told.SUBMITTED,
    State.IN_REVIEW: Told.SUBMITTED,
    State.RETURNED: Told.RETURNED,
    State.MET: Told.COMPLETED,
}


# rows instead of entities: half of the cost of each page that shows an enrolment was to make and to watch those
_PROGRESS: Any = select(*Progress.__table__.c).where(Progress.enrolment_id.in_(bindparam("ids", expanding=True)))
_WRITTEN: Any = select(*Reflection.__table__.c).where(Reflection.enrolment_id.in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Standing:
    """An enrolment with everything a page about it shows. `steps` are in the order of the offering.

    `progress` and `reflections` are by activity, and for reading only: most are rows.
    """

    enrolment: Enrolment
    cohort: Cohort
    pack: content.Pack
    steps: tuple[Step, ...]
    progress: dict[str, Progress]
    reflections: dict[str, Reflection]

    @property
    def activities(self) -> tuple[content.Activity, ...]:
        """All activities of the offering, in order."""
        return tuple(activity for session in self.pack.sessions for activity in session.activities)

    def activity(self, key: str) -> content.Activity | None:
        """The activity of this key, or None."""
        return next((activity for activity in self.activities if activity.key == key), None)

    def step(self, key: str) -> Step:
        """The activity as the rules see it."""
        return next(step for step in self.steps if step.key == key)

    def steps_of(self, part: content.Session) -> list[Step]:
        """The steps of one session, in its order."""
        keys = {activity.key for activity in part.activities}
        return [step for step in self.steps if step.key in keys]

    def session_of(self, key: str) -> content.Session | None:
        """The session that an activity belongs to."""
        found = (part for part in self.pack.sessions if any(activity.key == key for activity in part.activities))
        return next(found, None)

    @property
    def waits(self) -> bool:
        """Whether something of it is with a trainer."""
        return any(step.state is ActivityState.WAITING for step in self.steps)


def of(session: Session, enrolment: Enrolment, cohort: Cohort) -> Standing:
    """Load where the enrolment stands."""
    return of_all(session, [(enrolment, cohort)])[0]


def of_all(session: Session, enrolments: Sequence[tuple[Enrolment, Cohort]]) -> list[Standing]:
    """Load where several enrolments stand, in two queries for all of them; in the order they are given."""
    session.flush()
    connection = session.connection()
    progress: dict[int, dict[str, Progress]] = {enrolment.id: {} for enrolment, _ in enrolments}
    written: dict[int, dict[str, Reflection]] = {enrolment.id: {} for enrolment, _ in enrolments}
    ids = {"ids": list(progress)}
    row: Any
    for row in connection.execute(_PROGRESS, ids):
        progress[row.enrolment_id][row.activity] = row
    for row in connection.execute(_WRITTEN, ids):
        written[row.enrolment_id][row.activity] = row
    return [
        standing_of(
            offerings.pack_of(connection, cohort.version_id),
            enrolment,
            cohort,
            progress[enrolment.id],
            written[enrolment.id],
        )
        for enrolment, cohort in enrolments
    ]


def standing_of(
    pack: content.Pack,
    enrolment: Enrolment,
    cohort: Cohort,
    progress: dict[str, Progress],
    reflections: dict[str, Reflection],
) -> Standing:
    """Where an enrolment stands that was loaded with its progress and reflections, as entities or as rows."""
    steps = tuple(
        Step(
            activity.key,
            activity.minutes,
            activity.required,
            _state(progress.get(activity.key), reflections.get(activity.key)),
        )
        for activity in pack.activities
    )
    return Standing(enrolment, cohort, pack, steps, progress, reflections)


def _state(progress: Progress | None, reflection: Reflection | None) -> ActivityState:
    if progress is not None and progress.done_at is not None:
        return ActivityState.DONE
    if reflection is not None:
        return OF_REFLECTION[reflection.state]
    return ActivityState.OPENED if progress is not None else ActivityState.NEW


def opened(session: Session, standing: Standing, key: str, *, now: datetime) -> None:
    """Remember that the member opened an activity; the first one of a session, and of all, tells the LMS that they
    started."""
    enrolment = standing.enrolment
    begun: dict[Part, Reached] = {}
    if key not in standing.progress:
        begun = _session_begun(standing, key)
        standing.progress[key] = Progress(enrolment_id=enrolment.id, activity=key, opened_at=now, position=0)
        session.add(standing.progress[key])
    if enrolment.last_activity != key:
        enrolment.last_activity = key
    enrolment.last_activity_at = now
    if enrolment.started_at is None:
        enrolment.started_at = now
        begun[WHOLE] = Reached(Told.STARTED)
    if begun:
        scores.tell_parts(session, enrolment, begun, now=now)


def _session_begun(standing: Standing, key: str) -> dict[Part, Reached]:
    """The session of an activity that is opened for the first time, unless another one of it was opened before."""
    part = standing.session_of(key)
    if part is None or any(activity.key in standing.progress for activity in part.activities):
        return {}
    return {Part(Kind.SESSION, session=part.number): Reached(Told.STARTED)}


def done(session: Session, standing: Standing, key: str, *, now: datetime) -> Standing:
    """Credit an activity with its designed minutes, and complete the enrolment when it was the last one.

    Returns where the enrolment stands now. Doing it twice changes nothing.
    """
    activity = standing.activity(key)
    if activity is None:
        raise LookupError(f"the offering has no activity {key}")
    opened(session, standing, key, now=now)
    session.flush()
    is_new = standing.progress[key].done_at is None
    session.execute(
        update(Progress)
        .where(Progress.enrolment_id == standing.enrolment.id, Progress.activity == key, Progress.done_at.is_(None))
        .values(done_at=now, minutes=activity.minutes)
        .execution_options(synchronize_session=False)
    )
    fresh = of(session, standing.enrolment, standing.cohort)
    reached = _reached_by(fresh, key) if is_new else {}
    if _complete(session, fresh, now=now):
        reached[WHOLE] = Reached(Told.COMPLETED)
    if reached:
        scores.tell_parts(session, standing.enrolment, reached, now=now)
    return fresh


def _reached_by(standing: Standing, key: str) -> dict[Part, Reached]:
    """What is complete now that an activity was done just before: its session, if it was the last required one, and a
    reflection itself."""
    reached = {}
    part = standing.session_of(key)
    if part is not None and standing.step(key).required and completion.is_complete(standing.steps_of(part)):
        reached[Part(Kind.SESSION, session=part.number)] = session_reached(standing, part)
    written = standing.reflections.get(key)
    if written is not None and written.state is State.MET:
        reached[Part(Kind.REFLECTION, activity=key)] = Reached(Told.COMPLETED, at=written.met_at)
    return reached


def parts_reached(standing: Standing) -> dict[Part, Reached]:
    """How far the member is with each session and each reflection that they began."""
    reached = {
        Part(Kind.SESSION, session=part.number): session_reached(standing, part)
        for part in standing.pack.sessions
        if any(activity.key in standing.progress for activity in part.activities)
    }
    for key, written in standing.reflections.items():
        if written.reviewed and written.state in TOLD_OF_REFLECTION:
            progress = TOLD_OF_REFLECTION[written.state]
            reached[Part(Kind.REFLECTION, activity=key)] = Reached(progress, at=written.met_at)
    return reached


def session_reached(standing: Standing, part: content.Session) -> Reached:
    """How far the member is with a session that they began; complete since its last required activity."""
    steps = standing.steps_of(part)
    if not completion.is_complete(steps):
        return Reached(Told.STARTED)
    ends = [row.done_at for step in steps if step.required and (row := standing.progress.get(step.key))]
    return Reached(Told.COMPLETED, at=max(filter(None, ends), default=None), minutes=hours.earned(steps))


def _complete(session: Session, standing: Standing, *, now: datetime) -> bool:
    """Complete the enrolment if nothing required is left. Returns whether it is complete by this."""
    enrolment = standing.enrolment
    if enrolment.state is EnrolmentState.COMPLETED or not completion.is_complete(standing.steps):
        return False
    enrolment.state, enrolment.completed_at = EnrolmentState.COMPLETED, now
    minutes = hours.earned(standing.steps)
    session.add(
        Completion(
            enrolment_id=enrolment.id,
            person_id=enrolment.person_id,
            organization_id=enrolment.organization_id,
            version_id=standing.cohort.version_id,
            completed_at=now,
            minutes=minutes,
        )
    )
    session.flush()
    audit.remember(
        session,
        "complete",
        f"enrolment {enrolment.id}",
        by=enrolment.person_id,
        organization=enrolment.organization_id,
        now=now,
        minutes=minutes,
    )
    return True
