"""Questions, scenarios and prompts that help a member learn: real choices, reasons, and room to write."""

from collections.abc import Iterator

from content.errors import Fault
from content.manuscript import Manuscript
from content.markdown import plain_text
from content.schema import Activity, PromptKind, Question, Scenario

FEWEST_CHOICES, MOST_CHOICES = 3, 5
LONGEST_ANSWER = 3_000

TRUE_FALSE = frozenset({"true", "false", "yes", "no", "verdadero", "falso", "sí"})
ABOUT_OTHER_CHOICES = (
    *("all of the above", "none of the above", "all of these", "none of these", "both of the above"),
    *("todas las anteriores", "ninguna de las anteriores"),
)


def choices(activity: Activity, manuscript: Manuscript) -> Iterator[Fault]:
    """Three to five choices, exactly one of them right, each explained; no true or false."""
    for item in activity.choosing:
        place = manuscript.at(f"id:{item.key}")
        if not FEWEST_CHOICES <= len(item.choices) <= MOST_CHOICES:
            yield place.fault(f"{item.key} has {len(item.choices)} choices", "give it three to five")
        right = sum(choice.right for choice in item.choices)
        if right != 1:
            yield place.fault(f"{item.key} has {right} choices marked [x]", "mark exactly one")
        yield from _each_choice(item, manuscript)


def _each_choice(item: Question | Scenario, manuscript: Manuscript) -> Iterator[Fault]:
    seen: set[str] = set()
    for choice in item.choices:
        place = manuscript.at(f"choice:{item.key}:{choice.key}", f"id:{item.key}")
        text = " ".join(plain_text(choice.html).lower().split()).strip(" .,;:!?¡¿")
        if not plain_text(choice.explanation_html).strip():
            yield place.fault(
                "this choice is not explained",
                'say under it, after "  > ", what would follow or why it is right or not',
            )
        if text in TRUE_FALSE:
            yield place.fault(
                f'"{text}" makes this a true/false question', "offer choices that show how a member thinks"
            )
        if text in ABOUT_OTHER_CHOICES:
            yield place.fault(
                f'"{text}" speaks of other choices, and their order changes from try to try',
                "write a choice of its own",
            )
        if text in seen:
            yield place.fault("this choice stands here twice", "change one of the two")
        seen.add(text)


def prompts(activity: Activity, manuscript: Manuscript) -> Iterator[Fault]:
    """A prompt says why it is asked and how much is meant; a look-back shows what it looks back on."""
    prompt = activity.prompt
    if prompt is None:
        return
    place = manuscript.at(f"prompt:{activity.key}", f"id:{activity.key}")
    if not plain_text(prompt.why_html).strip():
        yield place.fault("this prompt does not say why it is asked", 'end it with "> Why we ask: …"')
    if not 1 <= prompt.words_low < prompt.words_high <= LONGEST_ANSWER:
        yield place.fault(
            f"{prompt.words_low}-{prompt.words_high} words are no guidance",
            f"write fewer words first, then more, up to {LONGEST_ANSWER}, e.g. words=150-300",
        )
    if prompt.kind is PromptKind.LOOK_BACK and not activity.shows:
        yield manuscript.at(f"id:{activity.key}").fault(
            f"{activity.key} looks back and shows nothing", 'name the earlier answer, e.g. shows="goal"'
        )
