"""One block of four colons to an `Activity`, with its sections, items and prompt rendered."""

import re
from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import unquote

from markdown_it.token import Token

from content import markdown
from content.blocks import Block, Part, Text
from content.errors import Faults
from content.fields import Fields
from content.folder import Folder
from content.items import ChoiceText, split_choices, split_quote, without_label
from content.manuscript import Notes, Passage, Place
from content.schema import (
    Activity,
    ActivityKind,
    Choice,
    Pilot,
    Prompt,
    PromptKind,
    Question,
    Scenario,
    Section,
    SectionRole,
    Statement,
)

LONGEST_TEXT = 60_000
"""Characters in one piece of text, about 10,000 words: no piece is that long by intent."""

WHAT_IT_HOLDS = {
    ActivityKind.READING: None,
    ActivityKind.INVENTORY: "statement",
    ActivityKind.PRACTICE: "scenario",
    ActivityKind.CHECK: "question",
    ActivityKind.WRITING: "prompt",
    ActivityKind.REFLECTION: "prompt",
}
VOICES = frozenset({"finding", "meaning", "classroom", "task"})
WRITTEN = frozenset({ActivityKind.WRITING, ActivityKind.REFLECTION})

Item = TypeVar("Item")

_RANGE = re.compile(r"(?P<low>[0-9]{1,5})\s*[-–]\s*(?P<high>[0-9]{1,5})")
_PILOT = re.compile(r"n\s*=\s*(?P<readers>[0-9]{1,4})[\s,]+median\s*=\s*(?P<median>[0-9]{1,4})")


class ActivityReader:
    """Reads the activities of one file; faults and places go to where its other readers note theirs."""

    def __init__(self, faults: Faults, folder: Folder, notes: Notes) -> None:
        self._faults = faults
        self._folder = folder
        self._notes = notes
        self._owner = ""

    def read(self, block: Block) -> Activity | None:
        """Build an activity; None when anything in it cannot be read."""
        before = self._faults.count
        if block.kind not in list(ActivityKind):
            return None  # the grammar has noted it
        kind = ActivityKind(block.kind)
        fields = Fields(block.attributes, self._faults, f"a {kind}")
        key = self._id(fields, 'write one that never changes, e.g. {#finding-1 minutes=25 title="…"}')
        self._owner = key or f"line {block.line}"
        title = fields.text("title", 'write the activity\'s title, e.g. title="What feedback does"')
        minutes = fields.integer("minutes", "write how long it takes, e.g. minutes=25", high=6_000)
        optional = fields.flag("optional")
        shows = fields.words("shows") if kind in WRITTEN else ()
        pilot = self._pilot(fields)
        fields.finish()
        body, parts = self._body(block, kind)
        statements = [self._statement(part) for part in parts if part.kind == "statement"]
        scenarios = [self._scenario(part) for part in parts if part.kind == "scenario"]
        questions = [self._question(part) for part in parts if part.kind == "question"]
        prompts = [self._prompt(part) for part in parts if part.kind == "prompt"]
        if not block.is_sound or self._faults.count > before or key is None or title is None or minutes is None:
            return None
        return Activity(
            key=key,
            kind=kind,
            title=title,
            minutes=minutes,
            required=not optional,
            body=body,
            statements=_present(statements),
            scenarios=_present(scenarios),
            questions=_present(questions),
            prompt=next(iter(prompts), None),
            shows=shows,
            pilot=pilot,
        )

    def _body(self, block: Block, kind: ActivityKind) -> tuple[tuple[Section, ...], list[Part]]:
        """The sections of an activity, and the parts that are answered; what does not belong is noted."""
        item = WHAT_IT_HOLDS[kind]
        sections: list[Section] = []
        parts: list[Part] = []
        for part in block.parts:
            if isinstance(part, Text):
                if parts:
                    line = next(number for number, text in enumerate(part.lines, part.line) if text.strip())
                    self._faults.add(line, f"text stands after a {item}", f"move it above the first {item}")
                self._place(f"section:{self._owner}:{len(sections)}", part.line)
                sections.append(Section(SectionRole.PROSE, self._html(part)))
            elif kind is ActivityKind.READING and part.kind in VOICES:
                self._place(f"section:{self._owner}:{len(sections)}", part.line)
                sections.append(self._voice(part))
            elif part.kind == item:
                parts.append(part)
            elif part.kind in VOICES or part.kind in WHAT_IT_HOLDS.values():
                holds = f"Markdown and {item} blocks" if item else f"Markdown and {', '.join(sorted(VOICES))} blocks"
                self._faults.add(part.line, f"a {kind} holds no {part.kind}", f"a {kind} holds {holds}; move it")
        if item and not parts:
            self._faults.add(block.line, f"this {kind} holds no {item}", f'add one, beginning with "::: {item} {{…}}"')
        if item == "prompt" and len(parts) > 1:
            self._faults.add(parts[1].line, f"this {kind} holds two prompts", f"make it two {kind} activities")
        if item is None and not sections:
            self._faults.add(block.line, f"this {kind} holds no text", "write it, or remove the activity")
        return tuple(sections), parts

    def _voice(self, part: Part) -> Section:
        fields = self._fields(part)
        role = SectionRole(part.kind)
        citations = fields.words("cite") if role is SectionRole.FINDING else ()
        minutes = (
            fields.integer("minutes", "write how long the task takes, e.g. ::: task {minutes=8}", high=6_000)
            if role is SectionRole.TASK
            else None
        )
        fields.finish()
        return Section(role, self._written(part, part.text), citations, minutes)

    def _statement(self, part: Part) -> Statement | None:
        fields = self._fields(part)
        key = self._id(fields, "write one that never changes, e.g. ::: statement {#s1}")
        fields.finish()
        html = self._written(part, part.text)
        return Statement(key, html) if key else None

    def _scenario(self, part: Part) -> Scenario | None:
        fields = self._fields(part)
        key = self._id(fields, "write one that never changes, e.g. ::: scenario {#sc1}")
        fields.finish()
        stem, choices = self._choices(part, key)
        return Scenario(key, stem, choices) if key else None

    def _question(self, part: Part) -> Question | None:
        fields = self._fields(part)
        key = self._id(fields, "write one that never changes, e.g. ::: question {#q1 outcome=O1}")
        outcome = fields.text("outcome", "write the id of the outcome it assesses, e.g. ::: question {#q1 outcome=O1}")
        fields.finish()
        stem, choices = self._choices(part, key)
        return Question(key, stem, outcome, choices) if key and outcome else None

    def _choices(self, part: Part, owner: str | None) -> tuple[str, tuple[Choice, ...]]:
        stem, choices = split_choices(part.text, self._faults)
        for place, choice in enumerate(choices):
            self._place(f"choice:{owner}:{chr(ord('a') + place)}", choice.line)
        return self._written(part, stem), tuple(
            self._choice(chr(ord("a") + place), choice) for place, choice in enumerate(choices)
        )

    def _choice(self, key: str, choice: ChoiceText) -> Choice:
        if choice.text.is_empty:
            self._faults.add(choice.line, "this choice holds no text", "write it after the brackets")
        return Choice(key, self._html(choice.text), self._html(choice.explanation), choice.right)

    def _prompt(self, part: Part) -> Prompt | None:
        fields = self._fields(part)
        self._place(f"prompt:{self._owner}", part.line)
        kind = fields.one_of("kind", PromptKind, f"write one of: {', '.join(PromptKind)}, e.g. kind=plan")
        written = fields.text("words", "write about how many words are meant, e.g. words=150-300")
        fields.finish()
        match = _RANGE.fullmatch(written or "")
        if written and not match:
            self._faults.add(part.line, f"words={written[:40]} is not a range", "write it as, e.g., words=150-300")
        text, why = split_quote(part.text)
        html = self._written(part, text)
        why_html = self._html(without_label(why))
        if kind is None or match is None:
            return None
        return Prompt(kind, html, why_html, int(match["low"]), int(match["high"]))

    def _pilot(self, fields: Fields) -> Pilot | None:
        written = fields.optional_text("pilot")
        match = _PILOT.fullmatch(written or "")
        if match:
            return Pilot(int(match["readers"]), int(match["median"]))
        if written:
            self._faults.add(
                fields.line,
                f'pilot="{written[:40]}" cannot be read',
                'write it as, e.g., pilot="n=5 median=24"',
            )
        return None

    def _place(self, name: str, line: int) -> None:
        self._notes.places[name] = Place(self._faults.file, line)

    def _fields(self, part: Part) -> Fields:
        return Fields(part.attributes, self._faults, f"a {part.kind}")

    def _id(self, fields: Fields, ask: str) -> str | None:
        key = fields.key("id", ask)
        if key:
            self._notes.claim_id(key, fields.line, self._faults)
        return key

    def _written(self, part: Part, text: Text) -> str:
        """A text that must not be empty, rendered."""
        if text.is_empty:
            self._faults.add(part.line, f"this {part.kind} holds no text", "write it, or remove the block")
        return self._html(text)

    def _html(self, text: Text) -> str:
        if len(text.markdown) > LONGEST_TEXT:
            self._faults.add(text.line, "this text is longer than 60,000 characters", "make it several activities")
            return ""
        tokens = markdown.parse(text.markdown)
        for token, line in markdown.walk(tokens):
            if token.type in markdown.RAW_HTML:
                self._faults.add(
                    text.line + line,
                    f"HTML stands here ({' '.join(token.content.split())[:40]})",
                    "write it in Markdown; a < that is meant as a sign is written \\<",
                )
            elif token.type == "image":
                self._embed(token, text.line + line)
        self._notes.passages.append(Passage(Place(self._faults.file, text.line), tuple(tokens), self._owner))
        return markdown.render(tokens, self._notes.language)

    def _embed(self, image: Token, line: int) -> None:
        # a picture travels inside the text: a version stays whole, and no page asks another server for it
        data = self._folder.image(unquote(str(image.attrs.get("src", ""))), self._faults, line)
        image.attrSet("src", data or "")


def _present(items: Iterable[Item | None]) -> tuple[Item, ...]:
    return tuple(item for item in items if item is not None)
