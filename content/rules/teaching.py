"""What is promised is taught, done and assessed; what is claimed is cited."""

from collections.abc import Iterator
from datetime import date

from content.errors import Fault
from content.manuscript import Manuscript
from content.references import assessing_keys
from content.schema import Activity, ActivityKind, Pack, PromptKind, SectionRole

FULL_SESSION = 180
ASSESSING = frozenset({ActivityKind.PRACTICE, ActivityKind.CHECK, ActivityKind.WRITING, ActivityKind.REFLECTION})
APPLYING = frozenset({PromptKind.PLAN, PromptKind.TRY_REPORT})
UNSEEN_VERBS = frozenset(
    {
        *(
            "understand",
            "know",
            "learn",
            "appreciate",
            "grasp",
            "realize",
            "realise",
            "believe",
            "value",
            "become",
        ),
        *("comprender", "entender", "conocer", "saber", "aprender", "apreciar", "valorar"),
    }
)


def outcomes(pack: Pack, manuscript: Manuscript, _today: date) -> Iterator[Fault]:
    """Each outcome can be seen, and something required that members do assesses it."""
    keys = assessing_keys(pack)
    questions = {question.key: question for activity in pack.activities for question in activity.questions}
    for outcome in pack.outcomes:
        place = manuscript.at(f"outcome:{outcome.key}")
        verb = outcome.text.split(maxsplit=1)[0].lower().strip(",.;:")
        if verb in UNSEEN_VERBS:
            yield place.fault(
                f'nobody can see whether a member does what {outcome.key} says ("{verb}")',
                'begin with something that can be seen, e.g. "write", "choose", "plan", "explain"',
            )
        assessing = [keys[key] for key in outcome.assessed_by if key in keys]
        if not any(activity.required and activity.kind in ASSESSING for activity in assessing):
            yield place.fault(
                f"nothing that every member does assesses {outcome.key}",
                "name a question, or a required practice, check, writing or reflection, in assessed_by",
            )
        for key in outcome.assessed_by:
            if key in questions and questions[key].outcome != outcome.key:
                yield manuscript.at(f"id:{key}").fault(
                    f"{outcome.key} is assessed by {key}, and {key} says outcome={questions[key].outcome}",
                    "make the two agree",
                )


def sessions(pack: Pack, manuscript: Manuscript, _today: date) -> Iterator[Fault]:
    """A session of three hours or more has members apply something, and reflect on something."""
    for session in pack.sessions:
        if session.minutes < FULL_SESSION:
            continue
        required = [activity for activity in session.activities if activity.required]
        place = manuscript.at(f"session:{session.number}")
        if not any(_applies(activity) for activity in required):
            yield place.fault(
                f"session {session.number} has nothing in which members apply what they learned",
                "add a required practice, or a writing or reflection of kind plan or try-report",
            )
        if not any(activity.kind is ActivityKind.REFLECTION for activity in required):
            yield place.fault(f"session {session.number} has no reflection", "add a required reflection")


def _applies(activity: Activity) -> bool:
    prompt = activity.prompt
    return activity.kind is ActivityKind.PRACTICE or (prompt is not None and prompt.kind in APPLYING)


def sources(pack: Pack, manuscript: Manuscript, _today: date) -> Iterator[Fault]:
    """Every source is cited somewhere."""
    cited = {key for activity in pack.activities for section in activity.body for key in section.citations}
    for source in pack.sources:
        if source.key not in cited:
            yield manuscript.at(f"source:{source.key}").fault(
                f"no finding cites {source.key}",
                f'cite it, e.g. ::: finding {{cite="{source.key}"}}, or remove it',
            )


def findings(activity: Activity, manuscript: Manuscript) -> Iterator[Fault]:
    """Every finding says where it comes from."""
    for index, section in enumerate(activity.body):
        if section.role is SectionRole.FINDING and not section.citations:
            yield manuscript.at(f"section:{activity.key}:{index}").fault(
                "this finding cites nothing", 'name its source, e.g. ::: finding {cite="kluger1996"}'
            )
