"""A valid pack becomes values, whole and rendered."""

import time
from datetime import date
from pathlib import Path

import pytest

from content import (
    ActivityKind,
    Category,
    Language,
    OfferingKind,
    PackError,
    PassRule,
    Pilot,
    PromptKind,
    SectionRole,
    load,
)
from content.rubrics import DEFAULT
from tests.packs.desk import SESSION, TINY, Desk


def test_the_tiny_pack_is_fit_to_be_published(desk: Desk) -> None:
    assert desk.faults() == []


def test_what_pack_yaml_says_is_read() -> None:
    pack = load(TINY)
    assert (pack.code, pack.version, pack.kind) == ("TST-01", "1.0.0", OfferingKind.MODULE)
    assert pack.audience == ("teachers", "paraprofessionals")
    assert pack.categories == (Category("pedagogy", 20), Category("content", 10))
    assert (pack.minutes, pack.pass_rule, pack.essa.tier) == (30, PassRule.NO_NOT_YET, 4)
    assert [(outcome.key, outcome.assessed_by) for outcome in pack.outcomes] == [
        ("O1", ("q1", "try-it")),
        ("O2", ("q2", "reflect")),
    ]
    assert pack.review.last == date(2026, 1, 15)
    assert pack.review.due == date(2030, 1, 15)
    assert [source.key for source in pack.sources] == ["kluger1996", "shute2008"]
    assert "<em>Psychological Bulletin</em>" in pack.sources[0].html


def test_a_session_holds_its_activities_in_order() -> None:
    (session,) = load(TINY).sessions
    assert (session.number, session.title, session.minutes) == (1, "One next step", 30)
    assert [(activity.key, activity.kind, activity.minutes) for activity in session.activities] == [
        ("goal", ActivityKind.WRITING, 3),
        ("inventory", ActivityKind.INVENTORY, 4),
        ("finding-1", ActivityKind.READING, 4),
        ("try-it", ActivityKind.PRACTICE, 5),
        ("check", ActivityKind.CHECK, 5),
        ("try", ActivityKind.WRITING, 15),
        ("reflect", ActivityKind.REFLECTION, 9),
    ]
    assert [activity.key for activity in session.activities if not activity.required] == ["try"]
    assert session.activities[5].pilot == Pilot(readers=3, median=15)
    assert session.activities[6].shows == ("goal", "inventory")


def test_a_reading_speaks_in_its_voices() -> None:
    reading = list(load(TINY).activities)[2]
    assert [section.role for section in reading.body] == [
        SectionRole.PROSE,
        SectionRole.FINDING,
        SectionRole.MEANING,
        SectionRole.CLASSROOM,
        SectionRole.TASK,
    ]
    assert reading.body[1].citations == ("kluger1996", "shute2008")
    assert reading.body[4].minutes == 3
    assert reading.body[0].html.startswith("<h3>Two comments on one report</h3>\n<p>Two students")


def test_items_and_prompts_are_read() -> None:
    activities = {activity.key: activity for activity in load(TINY).activities}
    assert [statement.key for statement in activities["inventory"].statements] == ["s1", "s2"]
    scenario = activities["try-it"].scenarios[1]
    assert [(choice.key, choice.right) for choice in scenario.choices] == [("a", False), ("b", True), ("c", False)]
    assert scenario.choices[1].explanation_html == "<p>It gives you both a place to begin.</p>"
    question = activities["check"].questions[0]
    assert (question.key, question.outcome) == ("q1", "O1")
    prompt = activities["goal"].prompt
    assert prompt is not None
    assert (prompt.kind, prompt.words_low, prompt.words_high) == (PromptKind.GOAL, 20, 30)


def test_the_label_why_we_ask_is_left_to_the_page(desk: Desk) -> None:
    prompt = next(desk.pack().activities).prompt
    assert prompt is not None
    assert prompt.why_html == "<p>a goal tied to one moment is small enough to act on.</p>"


def test_the_default_rubric_stands_where_none_is_named(desk: Desk) -> None:
    assert desk.replace("rubric:\n  use: default\n", "").pack().rubric == DEFAULT
    assert [criterion.key for criterion in DEFAULT.criteria] == ["practice", "research", "setting", "response"]


def test_a_pack_may_bring_its_own_rubric(desk: Desk) -> None:
    own = """rubric:
  criteria:
    - id: clear
      title: Is clear
      met: A colleague could do it tomorrow.
      approaching: A colleague would have to ask one thing.
      not_yet: A colleague would have to guess.
    - id: dated
      title: Has a date
      met: I name the day and the lesson.
      approaching: I name the week.
      not_yet: I name no time.
"""
    rubric = desk.replace("rubric:\n  use: default\n", own).pack().rubric
    assert [(criterion.key, criterion.not_yet) for criterion in rubric.criteria] == [
        ("clear", "A colleague would have to guess."),
        ("dated", "I name no time."),
    ]
    assert desk.faults() == []


def test_what_may_be_left_out_has_its_default(desk: Desk) -> None:
    pack = desk.replace("pass_rule: no-not-yet\n", "").pack()
    assert (pack.pass_rule, pack.language) == (PassRule.NO_NOT_YET, Language.ENGLISH)


def test_a_pack_in_spanish_says_so_and_its_links_too(desk: Desk) -> None:
    desk.replace("kind: module", "kind: module\nlanguage: es")
    desk.replace("> Why we ask: a goal tied", "> Por qué preguntamos: una meta")
    pack = desk.pack()
    goal, _inventory, reading = list(pack.activities)[:3]
    assert pack.language is Language.SPANISH
    assert goal.prompt is not None
    assert goal.prompt.why_html.startswith("<p>una meta")
    assert "(se abre en una pestaña nueva)" in reading.body[2].html


def test_words_that_look_like_other_types_stay_words(desk: Desk) -> None:
    desk.replace("topic: Feedback", "topic: no").replace("title: One next step\nsummary", "title: 12\nsummary")
    assert (desk.pack().topic, desk.pack().title) == ("no", "12")


def test_windows_line_ends_and_a_byte_order_mark_change_nothing(desk: Desk) -> None:
    expected = desk.pack()
    for name in (SESSION, "pack.yaml"):
        text = (desk.path / name).read_bytes()
        (desk.path / name).write_bytes(b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))
    assert desk.pack() == expected


def test_sessions_come_in_the_order_of_their_numbers(desk: Desk) -> None:
    second = (desk.path / SESSION).read_text().replace("session: 1", "session: 2")
    for key in (
        "goal",
        "inventory",
        "finding-1",
        "try-it",
        "check",
        "try",
        "reflect",
        "s1",
        "s2",
        "sc1",
        "sc2",
        "q1",
        "q2",
    ):
        second = second.replace(f"#{key} ", f"#{key}-2 ").replace(f"#{key}}}", f"#{key}-2}}")
    (desk.path / "02-again.md").write_text(second)
    desk.replace("minutes: 30\ncategories: {pedagogy: 20,", "minutes: 60\ncategories: {pedagogy: 50,", "pack.yaml")
    assert [session.number for session in desk.pack().sessions] == [1, 2]
    assert desk.faults() == []


def test_a_pack_that_cannot_be_loaded_raises_all_its_faults(desk: Desk) -> None:
    desk.replace("kind: module\n", "").replace("session: 1\n", "session: one\n")
    with pytest.raises(PackError) as error:
        desk.pack()
    assert [Path(fault.file).name for fault in error.value.faults] == [SESSION, "pack.yaml"]
    assert str(error.value) == "\n".join(map(str, error.value.faults))


def test_seven_thousand_words_load_in_a_tenth_of_a_second(desk: Desk) -> None:
    words = "Students act on what they can see and try again while it still matters to them. " * 150
    for number in range(1, 5):
        desk.add(f':::: reading {{#long-{number} minutes=11 optional title="Long"}}\n{words}\n::::')
    times = []
    for _ in range(3):
        start = time.process_time()
        desk.pack()
        times.append(time.process_time() - start)
    assert min(times) < 0.1
