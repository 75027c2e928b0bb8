"""pack.yaml to everything a `Pack` says of itself; the sessions come from their own files."""

import re

from content import markdown, rubrics
from content.errors import Faults
from content.fields import KEY, KEY_REMEDY, Fields
from content.folder import PACK_FILE, Folder
from content.manuscript import Notes, Passage, Place
from content.plainyaml import read_mapping
from content.schema import (
    Category,
    Criterion,
    Essa,
    Language,
    OfferingKind,
    Outcome,
    Pack,
    PassRule,
    Review,
    Rubric,
    Source,
)

_CODE = re.compile(r"(?=.{3,40}\Z)[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*")
_VERSION = re.compile(r"(?:0|[1-9][0-9]{0,4})(?:\.(?:0|[1-9][0-9]{0,4})){2}")
_CATEGORY = re.compile(r"[a-z][a-z0-9_-]{0,39}")

_ASK_CODE = 'write the code of the offering in capitals, digits and hyphens, e.g. "offering: MOD-FA-01"'
_ASK_VERSION = 'write three numbers, e.g. "version: 1.0.0"'
_ASK_AUDIENCE = 'write for whom it is, e.g. "audience: [teachers, paraprofessionals]"'
_ASK_MINUTES = 'write the offering\'s length, e.g. "minutes: 180"'
_ASK_CATEGORIES = 'write the minutes of each category, e.g. "categories: {pedagogy: 180}"'
_ASK_OUTCOMES = "write what a member can do afterwards, each with id, text and assessed_by"
_ASK_ESSA = 'write the tier of evidence and why, e.g. "essa: {tier: 4, rationale: …}"'
_ASK_REVIEW = 'write, e.g., "review: {last: 2026-11-01, every_years: 4, owner: curriculum team}"'
_ASK_SOURCES = "write the works that findings cite, each with a key and a text"
_ASK_RUBRIC = 'write "rubric: {use: default}", or a list of criteria'


def read_header(folder: Folder, notes: Notes) -> Pack | None:
    """Read pack.yaml to a pack that has no sessions yet; None when anything in it cannot be read."""
    faults = notes.file(folder.label(PACK_FILE))
    notes.places["pack:"] = Place(faults.file, 1)
    text = folder.text(PACK_FILE, faults)
    if text is None:
        return None
    notes.lines[faults.file] = tuple(text.split("\n"))
    mapping = read_mapping(text, faults)
    if mapping is None:
        return None
    for name, (line, _value) in mapping.entries.items():
        notes.places[f"pack:{name}"] = Place(faults.file, line)
    return _pack(Fields(mapping, faults, PACK_FILE), faults, notes)


def _pack(fields: Fields, faults: Faults, notes: Notes) -> Pack | None:
    code = _matching(fields, "offering", _CODE, _ASK_CODE, faults)
    version = _matching(fields, "version", _VERSION, _ASK_VERSION, faults)
    kind = fields.one_of("kind", OfferingKind, 'write "kind: module"')
    language = fields.one_of("language", Language, 'write "language: en"', Language.ENGLISH)
    notes.language = language or Language.ENGLISH
    title = fields.text("title", 'write the offering\'s title, e.g. "title: Feedback that moves learning"')
    summary = fields.text("summary", "write one or two sentences a member reads before starting")
    audience = fields.texts("audience", _ASK_AUDIENCE)
    topic = fields.text("topic", 'write the topic, e.g. "topic: Formative assessment and feedback"')
    minutes = fields.integer("minutes", _ASK_MINUTES)
    categories = _categories(fields, faults)
    pass_rule = fields.one_of("pass_rule", PassRule, 'write "pass_rule: no-not-yet"', PassRule.NO_NOT_YET)
    authors = fields.texts("authors", 'write who wrote it, e.g. "authors: [Name of a teacher]"')
    outcomes = _outcomes(fields, faults, notes)
    essa = _essa(fields)
    review = _review(fields)
    rubric = _rubric(fields, faults)
    sources = _sources(fields, faults, notes)
    fields.finish()
    if (
        faults.count
        or code is None
        or version is None
        or kind is None
        or title is None
        or summary is None
        or topic is None
    ):
        return None
    if minutes is None or audience is None or authors is None or pass_rule is None or essa is None or review is None:
        return None
    return Pack(
        code=code,
        version=version,
        kind=kind,
        language=notes.language,
        title=title,
        summary=summary,
        audience=audience,
        topic=topic,
        minutes=minutes,
        categories=categories,
        outcomes=outcomes,
        pass_rule=pass_rule,
        rubric=rubric,
        essa=essa,
        review=review,
        authors=authors,
        sources=sources,
        sessions=(),
    )


def _matching(fields: Fields, name: str, pattern: re.Pattern[str], ask: str, faults: Faults) -> str | None:
    text = fields.text(name, ask)
    if text is None or pattern.fullmatch(text):
        return text
    faults.add(fields.line_of(name), f'{name} is "{text[:60]}"', ask)
    return None


def _categories(fields: Fields, faults: Faults) -> tuple[Category, ...]:
    group = fields.group("categories", _ASK_CATEGORIES)
    found: list[Category] = []
    for name in group.names() if group else ():
        minutes = group.integer(name, _ASK_CATEGORIES) if group else None
        if group and not _CATEGORY.fullmatch(name):
            remedy = "use small letters, digits, hyphens and underscores, e.g. pedagogy or language_acquisition"
            faults.add(group.line_of(name), f'"{name[:60]}" cannot be the name of a category', remedy)
        elif minutes is not None:
            found.append(Category(name, minutes))
    if group:
        group.finish()
    return tuple(found)


def _outcomes(fields: Fields, faults: Faults, notes: Notes) -> tuple[Outcome, ...]:
    found: list[Outcome] = []
    for group in fields.groups("outcomes", _ASK_OUTCOMES) or ():
        key = group.key("id", 'write the outcome\'s id, e.g. "id: O1"')
        text = group.text("text", "write what a member can do afterwards, beginning with a verb")
        assessed_by = group.texts("assessed_by", "name questions or activities, e.g. assessed_by: [q1, reflect]")
        group.finish()
        if key and f"outcome:{key}" in notes.places:
            faults.add(group.line_of("id"), f"the outcome {key} is written twice", "give each its own id")
        elif key:
            notes.places[f"outcome:{key}"] = Place(faults.file, group.line_of("id"))
            found.append(Outcome(key, text or "", assessed_by or ()))
    return tuple(found)


def _essa(fields: Fields) -> Essa | None:
    group = fields.group("essa", _ASK_ESSA)
    if group is None:
        return None
    tier = group.integer("tier", "write a tier from 1 (strong evidence) to 4 (a rationale)", high=4)
    rationale = group.text("rationale", "write one sentence on why this tier")
    group.finish()
    return Essa(tier, rationale) if tier and rationale else None


def _review(fields: Fields) -> Review | None:
    group = fields.group("review", _ASK_REVIEW)
    if group is None:
        return None
    last = group.day("last", 'write the day of the last review, e.g. "last: 2026-11-01"')
    every_years = group.integer(
        "every_years", 'write after how many years it is due again, e.g. "every_years: 4"', high=10
    )
    owner = group.text("owner", 'write who sees to it, e.g. "owner: curriculum team"')
    group.finish()
    return Review(last, every_years, owner) if last and every_years and owner else None


def _rubric(fields: Fields, faults: Faults) -> Rubric:
    if not fields.has("rubric"):
        return rubrics.DEFAULT
    group = fields.group("rubric", _ASK_RUBRIC)
    if group is None:
        return rubrics.DEFAULT
    use = group.optional_text("use")
    if use not in {None, "default"}:
        faults.add(group.line_of("use"), f'there is no rubric "{str(use)[:60]}"', _ASK_RUBRIC)
    if use and group.has("criteria"):
        faults.add(group.line_of("criteria"), "the rubric says both use and criteria", "keep one of the two")
    criteria = [] if use else [_criterion(each) for each in group.groups("criteria", _ASK_RUBRIC) or ()]
    group.finish()
    keys = [criterion.key for criterion in criteria]
    for key in {key for key in keys if keys.count(key) > 1}:
        faults.add(group.line_of("criteria"), f"the criterion {key} is written twice", "give each its own id")
    return Rubric(tuple(criteria)) if criteria else rubrics.DEFAULT


def _criterion(group: Fields) -> Criterion:
    ask = "write a sentence that a member can act on"
    criterion = Criterion(
        key=group.key("id", 'write the criterion\'s id, e.g. "id: practice"') or "",
        title=group.text("title", 'write the criterion\'s title, e.g. "title: Examines practice"') or "",
        met=group.text("met", ask) or "",
        approaching=group.text("approaching", ask) or "",
        not_yet=group.text("not_yet", ask) or "",
    )
    group.finish()
    return criterion


def _sources(fields: Fields, faults: Faults, notes: Notes) -> tuple[Source, ...]:
    group = fields.group("sources", _ASK_SOURCES) if fields.has("sources") else None
    found: list[Source] = []
    for key in group.names() if group else ():
        entry = group.group(key, 'write the reference under it, e.g. "text: …"') if group else None
        text = (
            entry.text("text", "write the whole reference: authors, year, title, where it appeared") if entry else None
        )
        if entry:
            entry.finish()
        if group and not KEY.fullmatch(key):
            faults.add(group.line_of(key), f'"{key[:60]}" cannot be the key of a source', KEY_REMEDY)
        elif group and key:
            place = notes.places[f"source:{key}"] = Place(faults.file, group.line_of(key))
            if text and entry:
                found.append(Source(key, _reference(text, Place(place.file, entry.line_of("text")), faults, notes)))
    if group:
        group.finish()
    return tuple(found)


def _reference(text: str, place: Place, faults: Faults, notes: Notes) -> str:
    tokens = markdown.parse_inline(text)
    for token, _line in markdown.walk(tokens):
        if token.type in markdown.RAW_HTML:
            faults.add(place.line, f"HTML stands here ({token.content[:40]})", "write *italics* with asterisks")
        elif token.type == "image":
            faults.add(place.line, "a picture stands in a reference", "take it out")
    notes.passages.append(Passage(place, tuple(tokens), owner="", is_reference=True))
    return markdown.render(tokens, notes.language)
