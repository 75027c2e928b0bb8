"""What an author wrote wrongly is answered with file, line and remedy, all of it at once."""

import pytest

from content import Fault
from tests.packs.desk import SESSION, Desk

PACK_FAULTS = [
    ("offering: TST-01", "offering: tst 01", 1, 'offering is "tst 01"'),
    ("version: 1.0.0", "version: 1.0", 2, 'version is "1.0"'),
    ("kind: module", "kind: modul", 3, 'kind is "modul"; did you mean module?; write one of: module, course, webinar'),
    ("kind: module", "language: fr\nkind: module", 3, 'language is "fr"'),
    ("title: One next step\nsummary", "title:\nsummary", 4, "title is missing"),
    ("title: One next step\nsummary", "title: ~\nsummary", 4, "title is missing"),
    ("title: One next step\nsummary", "title: [a, b]\nsummary", 4, "title is not one value"),
    ("audience: [teachers, paraprofessionals]", "audience: teachers", 6, "audience is not a list"),
    ("audience: [teachers, paraprofessionals]", "audience: []", 6, "audience is not a list"),
    (
        "audience: [teachers, paraprofessionals]",
        "audience: [teachers, {a: b}]",
        6,
        "an entry of audience is not a text",
    ),
    ("audience: [teachers, paraprofessionals]", "audience: [teachers, teachers]", 6, "stands twice in audience"),
    ("minutes: 30\n", "minutes: half an hour\n", 8, 'minutes is "half an hour", not a whole number'),
    ("minutes: 30\n", "minutes: 30.5\n", 8, "not a whole number"),
    ("minutes: 30\n", "minutes: 0\n", 8, "not a whole number from 1 to"),
    ("minutes: 30\n", "minutes: 99999999999999999999\n", 8, "not a whole number from 1 to"),
    ("categories: {pedagogy: 20, content: 10}", "categories: 30", 9, "categories is not a group"),
    ("{pedagogy: 20, content: 10}", "{Pedagogy!: 20, content: 10}", 9, '"Pedagogy!" cannot be the name of a category'),
    ("{pedagogy: 20, content: 10}", "{pedagogy: many, content: 10}", 9, 'pedagogy is "many"'),
    ("pass_rule: no-not-yet", "pass_rule: most", 10, 'pass_rule is "most"'),
    ("authors: [Ada Okafor]", "", 1, "authors is missing"),
    ("  - id: O2", "  - id: O1", 16, "the outcome O1 is written twice"),
    ("  - id: O2", "  - id: O 2", 16, '"O 2" cannot be an id'),
    ("    assessed_by: [q2, reflect]\n", "", 16, "assessed_by is missing"),
    ("tier: 4", "tier: 5", 20, 'tier is "5", not a whole number from 1 to 4'),
    ("last: 2026-01-15", "last: 2026-02-30", 22, 'last is "2026-02-30", not a date'),
    ("last: 2026-01-15", "last: yesterday", 22, 'last is "yesterday", not a date'),
    ("  use: default", "  use: strict", 24, 'there is no rubric "strict"'),
    ("  use: default", "  use: default\n  criteria: []", 25, "both use and criteria"),
    ("  use: default", "  criteria: [{id: a}]", 24, "approaching is missing"),
    ("  shute2008:", "  shute 2008:", 28, '"shute 2008" cannot be the key of a source'),
    ("*Psychological Bulletin*", "<i>Psychological Bulletin</i>", 27, "HTML stands here (<i>)"),
    ("*Psychological Bulletin*", "![x](bars.png)", 27, "a picture stands in a reference"),
    ("minutes: 30\n", "minutes: 30\nminutes: 30\n", 9, "minutes is written twice (first on line 8)"),
    ("topic: Feedback", "topic: &t Feedback", 7, "YAML anchors and aliases"),
    ("topic: Feedback", "topic: *t", 7, "YAML anchors and aliases"),
    ("topic: Feedback", "topic: !!python/object:os.system Feedback", 7, "the YAML tag"),
    ("topic: Feedback", 'topic: "\\0"', 7, "unreadable character (U+0000)"),
    ("topic: Feedback", "topic: Feedback: more", 7, "the YAML cannot be read (mapping values are not allowed here)"),
    ("topic: Feedback", "topic: [Feedback", 8, "the YAML cannot be read"),
    ("topic: Feedback", "---\ntopic: Feedback", 7, "a second YAML document begins here"),
    ("topic: Feedback", "topic: [[[[[[[[[[1]]]]]]]]]]", 7, "goes deeper"),
    ("topic: Feedback", f"topic: {'long ' * 500}", 7, "topic is longer than 2,000 characters"),
]


@pytest.mark.parametrize("case", PACK_FAULTS, ids=lambda case: case[3])
def test_a_slip_in_pack_yaml_is_named_with_its_line(desk: Desk, case: tuple[str, str, int, str]) -> None:
    old, new, line, what = case
    faults = desk.replace(old, new, "pack.yaml").faults()
    assert found(faults, "pack.yaml", line, what), "\n".join(map(str, faults))


SESSION_FAULTS = [
    (
        "minutes: 30\n---",
        "---",
        "title: One",
        -1,
        'minutes is missing; write the session\'s length, e.g. "minutes: 180"',
    ),
    ("session: 1\n", "session: 2\n", "session: 2", 0, "the file's name says 01, this line says 2"),
    ("minutes: 30\n---", "minutes: 30", "---", 0, "the front matter is not closed"),
    ('minutes=4 title="What I do', 'title="What I do', "#inventory", 0, "minutes is missing; write how long it takes"),
    ("{#inventory minutes", "{minutes", ":::: inventory", 0, "id is missing"),
    ("{#s1}", "{#s2}", "Students have time", -1, "the id s2 is already used (s2 at"),
    ("{#s1}", "{#Goal}", "{#Goal}", 0, "the id Goal is already used (goal at"),
    ("{#s1}", "{#s_1}", "{#s_1}", 0, '"s_1" cannot be an id'),
    ('minutes=4 title="What I do', 'minuts=4 title="What I do', "minuts", 0, "did you mean minutes?"),
    ('title="What I do now"', "title=“What I do now”", ":::: inventory", 0, "use straight quotation marks"),
    ('title="What I do now"', 'title="What I do now', ":::: inventory", 0, "the attributes cannot be read"),
    ('title="What I do now"', "title='What I do now'", ":::: inventory", 0, "the attributes cannot be read"),
    (
        ":::: inventory {",
        ":::: inventori {",
        ":::: inventori",
        0,
        "there is no inventori block; did you mean inventory?",
    ),
    (
        ":::: inventory {",
        "::: inventory {",
        "::: inventory",
        0,
        "inventory stands after 3 colons; write :::: inventory",
    ),
    ("::: statement {#s1}", ":::: statement {#s1}", "{#s1}", 0, "statement stands after 4 colons; write ::: statement"),
    ("::: task {minutes=3}", "::: task", "::: task", 0, "minutes is missing; write how long the task takes"),
    (
        "::: task {minutes=3}",
        "::: prompt {kind=plan words=1-2}",
        "::: prompt {kind=plan",
        0,
        "a reading holds no prompt",
    ),
    ("::: task {minutes=3}", "::: task {minutes=3} now", "} now", 0, "opens no block"),
    ("::: meaning\n", '::: meaning {cite="shute2008"}\n', "::: meaning", 0, 'a meaning has no field "cite"'),
    (
        'cite="kluger1996 shute2008"',
        'cite="kluger1996 shute"',
        "cite=",
        0,
        "this finding cites shute, which is not among",
    ),
    (
        'shows="goal inventory"',
        'shows="goal plan"',
        "#reflect",
        0,
        "reflect shows plan, and no earlier activity has that id",
    ),
    ('shows="goal inventory"', 'shows="reflect"', "#reflect", 0, "no earlier activity has that id"),
    (
        'shows="goal inventory"',
        'shows="finding-1"',
        "#reflect",
        0,
        "reflect shows finding-1, a reading, in which nothing",
    ),
    ("{#q2 outcome=O2}", "{#q2 outcome=O9}", "{#q2", 0, "q2 assesses O9, which is not among the outcomes"),
    ("{#q2 outcome=O2}", "{#q2}", "{#q2}", 0, "outcome is missing"),
    ("{#q2 outcome=O2}", "{#q2 outcome=O2 outcome=O1}", "{#q2", 0, "outcome is written twice"),
    ("- [x] What students changed", "- [v]What students changed", "- [v]", 0, "this line is nearly a choice"),
    ("  > It names what works", "It names what works", "It names", 0, "this line belongs to no choice"),
    ("- [ ] Great effort!", "- [ ] ", "gives the student", 2, "this choice holds no text"),
    ("kind=reflect words=70-100", "kind=reflekt words=70-100", "reflekt", 0, "did you mean reflect?"),
    ("kind=reflect words=70-100", "kind=reflect words=many", "words=many", 0, "words=many is not a range"),
    ("kind=reflect words=70-100", "kind=reflect", "kind=reflect", 0, "words is missing"),
    ('pilot="n=3 median=15"', 'pilot="three"', "#try ", 0, 'pilot="three" cannot be read'),
    ("{#try minutes=15 optional", "{#try minutes=15 optional=no", "#try ", 0, "optional takes no value"),
    ("Answer from memory first.", "Answer <b>first</b>.", "Answer", 0, "HTML stands here (<b>)"),
    ("Answer from memory first.", "<div>\nAnswer\n</div>", "<div>", 0, "HTML stands here (<div> Answer </div>)"),
    ("Answer from memory first.", "Answer\n\n<!-- later -->", "<!--", 0, "HTML stands here (<!-- later -->)"),
    ("](bars.png)", "](bar.png)", "bar.png", 0, "bar.png is missing; add the file, or correct its name"),
    ("](bars.png)", "](https://example.org/bars.png)", "example.org/bars", 0, "is not a file of this pack"),
    ("](bars.png)", "](../../bars.png)", "../../bars", 0, "../../bars.png leads out of the pack's folder"),
    ("::::\n\n:::: inventory", "::::\nMore.\n\n:::: inventory", "More.", 0, "this text stands outside every activity"),
    (
        "::::\n\n:::: inventory",
        ":::: inventory",
        ":::: writing {#goal",
        0,
        "the writing that begins here is not closed",
    ),
    ("::: statement {#s2}", "More.\n::: statement {#s2}", "More.", 0, "text stands after a statement"),
    (
        "one specific thing** to do next.\n:::",
        "one specific thing** to do next.",
        "{#s1}",
        0,
        "the statement that begins here is",
    ),
]


@pytest.mark.parametrize("case", SESSION_FAULTS, ids=lambda case: case[4])
def test_a_slip_in_a_session_is_named_with_its_line(desk: Desk, case: tuple[str, str, str, int, str]) -> None:
    old, new, at, offset, what = case
    faults = desk.replace(old, new, SESSION).faults()
    assert found(faults, SESSION, desk.line_of(at) + offset, what), "\n".join(map(str, faults))


def found(faults: list[Fault], file: str, line: int, text: str) -> bool:
    return any(fault.file.endswith(f"/{file}") and fault.line == line and text in str(fault) for fault in faults)


def test_a_fault_reads_as_file_line_what_and_remedy(desk: Desk) -> None:
    desk.replace("minutes: 30\n---", "---")
    assert desk.fault() == f'{SESSION}:2: minutes is missing; write the session\'s length, e.g. "minutes: 180"'


def test_one_slip_of_the_finger_is_one_fault(desk: Desk) -> None:
    desk.replace("minutes: 30\n---", "minuts: 30\n---")
    assert desk.fault() == (
        f'{SESSION}:4: a session\'s front matter has no field "minuts"; did you mean minutes?; write "minutes"'
    )


def test_an_unknown_field_lists_what_there_may_be(desk: Desk) -> None:
    desk.replace("tier: 4", "tier: 4\n  zzz: 1")
    assert desk.fault() == 'pack.yaml:21: essa has no field "zzz"; it may have: rationale, tier'


def test_faults_of_all_files_and_of_the_rules_come_together(desk: Desk) -> None:
    desk.replace("kind: module\n", "").replace("](https://example.org/feedback)", "](http://example.org/feedback)")
    whats = [fault.what for fault in desk.faults()]
    assert whats == ["the link to http://example.org/feedback is not https", "kind is missing"]


def test_a_fault_in_one_activity_does_not_make_others_wrong(desk: Desk) -> None:
    desk.replace('minutes=5 title="Check', 'title="Check')
    assert "minutes is missing" in desk.fault()


@pytest.mark.parametrize(
    ("activity", "what"),
    [
        (':::: inventory {#x minutes=1 title="X"}\nText.\n::::', "this inventory holds no statement"),
        (':::: practice {#x minutes=1 title="X"}\n::::', "this practice holds no scenario"),
        (':::: check {#x minutes=1 title="X"}\n::::', "this check holds no question"),
        (':::: writing {#x minutes=1 title="X"}\n::::', "this writing holds no prompt"),
        (':::: reading {#x minutes=1 title="X"}\n\n::::', "this reading holds no text"),
        (':::: reading {#x minutes=1 title="X"}\n::: meaning\n:::\n::::', "this meaning holds no text"),
        (
            ':::: writing {#x minutes=1 title="X"}\n::: prompt {kind=goal words=1-2}\nA?\n> B.\n:::\n'
            "::: prompt {kind=goal words=1-2}\nA?\n> B.\n:::\n::::",
            "this writing holds two prompts",
        ),
        (':::: reading {#x minutes=1 title="X"}\n```\ncode\n::::', "the code block that begins here is not closed"),
        (':::: reading {#x minutes=1 title="X"}\nText.\n', "the reading that begins here is not closed"),
        (
            ':::: reading {#x minutes=1 title="X"}\n::: task {minutes=1}\nText.\n::::',
            "the task that begins here is not",
        ),
        (':::: reading {#x minutes=1 title="X"}\nText.\n:::\n::::', "three colons close nothing here"),
        ("::: task {minutes=1}\nText.\n:::", "this task stands outside every activity"),
        ("::::", "this line closes nothing"),
        (f':::: reading {{#x minutes=1 title="X"}}\n{"word " * 13_000}\n::::', "longer than 60,000 characters"),
    ],
)
def test_a_misshapen_activity_is_one_fault(desk: Desk, activity: str, what: str) -> None:
    assert what in desk.add(activity).fault()


def test_colons_in_a_code_block_are_text(desk: Desk) -> None:
    desk.add(
        ':::: reading {#x minutes=1 optional title="X" pilot="n=3 median=1"}\n```\n:::: check {#y}\n:::\n```\n::::'
    )
    assert desk.faults() == []
    assert list(desk.pack().activities)[-1].body[0].html == "<pre><code>:::: check {#y}\n:::\n</code></pre>"


def test_a_list_of_links_is_no_list_of_choices(desk: Desk) -> None:
    desk.replace("What tells you that a comment worked?", "What tells you?\n\n- [a](https://example.org)\n- b")
    question = list(desk.pack().activities)[4].questions[1]
    assert len(question.choices) == 4
    assert '<a href="https://example.org"' in question.html


def test_choices_may_run_over_several_lines_and_hold_markdown(desk: Desk) -> None:
    desk.replace(
        "- [ ] Great effort!\n  > Kind, but it leaves the student with nothing to do.",
        "- [ ] Great effort,\n  and *well* meant.\n\n  > Kind,\n  > but:\n  >\n  > - nothing to do\n",
    )
    choice = list(desk.pack().activities)[4].questions[0].choices[0]
    assert choice.html == "<p>Great effort,\nand <em>well</em> meant.</p>"
    assert choice.explanation_html == "<p>Kind,\nbut:</p>\n<ul>\n<li>nothing to do</li>\n</ul>"


def test_session_numbers_have_no_gap(desk: Desk) -> None:
    desk.replace("session: 1\n", "session: 3\n")
    (desk.path / SESSION).rename(desk.path / "03-three.md")
    assert "this is session 3 where session 1 is due" in str(desk.faults()[0])


def test_a_session_file_begins_with_its_number(desk: Desk) -> None:
    (desk.path / SESSION).rename(desk.path / "one.md")
    assert 'name it like "01-noticing.md"' in desk.fault()


def test_a_file_that_is_no_session_at_all_is_told_how_one_begins(desk: Desk) -> None:
    (desk.path / SESSION).write_text("Dear colleagues,\n")
    assert [fault.what for fault in desk.faults()] == [
        "the front matter is missing",
        "this text stands outside every activity",
    ]
