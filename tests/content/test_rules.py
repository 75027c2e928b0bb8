"""The publish gate: each rule lets the valid pack pass and refuses the one that breaks it."""

from datetime import date

import pytest

from tests.packs.desk import SESSION, Desk

READING = ':::: reading {#x minutes=1 optional title="X" pilot="n=3 median=1"}\n%s\n::::'


def test_minutes_of_required_activities_fill_the_session(desk: Desk) -> None:
    desk.replace("{#reflect minutes=9", "{#reflect minutes=8")
    assert desk.fault() == (
        f"{SESSION}:4: session 1 says 30 minutes, its required activities add up to 29; "
        "make an activity 1 minute longer, or the session 1 minute shorter"
    )


def test_minutes_of_sessions_and_categories_fill_the_offering(desk: Desk) -> None:
    desk.replace("minutes: 30\ncategories", "minutes: 40\ncategories")
    assert [str(fault.line) + " " + fault.what for fault in desk.faults()] == [
        "8 the offering says 40 minutes, its sessions add up to 30",
        "9 the categories add up to 30 minutes, the offering says 40",
    ]


def test_minutes_of_optional_activities_count_for_nothing(desk: Desk) -> None:
    desk.replace(
        '{#try minutes=15 optional title="Try it in class" pilot="n=3 median=15"}',
        '{#try minutes=6 optional title="T"}',
    )
    assert desk.faults() == []


def test_design_time_is_within_fifteen_percent(desk: Desk) -> None:
    desk.replace("{#goal minutes=3", "{#goal minutes=4").replace("{#reflect minutes=9", "{#reflect minutes=8")
    assert desk.fault() == (
        f"{SESSION}:7: goal says 4 minutes, its parts come to about 2.7 (text 0.2, writing 2.5); "
        "write minutes=3, change what it holds, or try it with 3 or more readers and write, e.g., "
        'pilot="n=5 median=4"'
    )


def test_a_trial_with_readers_takes_the_place_of_the_formula(desk: Desk) -> None:
    desk.replace("{#goal minutes=3", '{#goal minutes=4 pilot="n=5 median=4"').replace(
        "{#reflect minutes=9", "{#reflect minutes=8"
    )
    assert desk.faults() == []


@pytest.mark.parametrize(
    ("pilot", "what"),
    [
        ("n=2 median=15", "the trial of try had 2 readers"),
        ("n=9 median=20", "try says 15 minutes, its trial measured 20"),
    ],
)
def test_a_trial_has_readers_and_confirms_the_minutes(desk: Desk, pilot: str, what: str) -> None:
    assert what in desk.replace("n=3 median=15", pilot).fault()


def test_two_fifths_at_most_are_reading_without_a_task(desk: Desk) -> None:
    reading = ':::: reading {#x minutes=24 title="X" pilot="n=3 median=24"}\nText.\n::::'
    desk.add(reading).replace("minutes: 30\n---", "minutes: 54\n---")
    desk.replace("minutes: 30\ncategories: {pedagogy: 20", "minutes: 54\ncategories: {pedagogy: 44")
    assert "25 of 54 minutes are reading without a task; at most 21 may be (40 %)" in desk.fault()
    desk.replace("Text.\n", "Text.\n::: task {minutes=20}\nDo it.\n:::\n")
    assert desk.faults() == []


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("[q1, try-it]", "[q1, q7]", "pack.yaml:13: O1 is assessed by q7, which does not exist"),
        ("[q1, try-it]", "[sc1]", None),
        ("[q1, try-it]", "[inventory, finding-1]", "nothing that every member does assesses O1"),
        ("[q2, reflect]", "[try]", "nothing that every member does assesses O2"),
        ("[q2, reflect]", "[q1, q2]", "O2 is assessed by q1, and q1 says outcome=O1"),
        (
            "text: Choose a comment",
            "text: Understand comments",
            'nobody can see whether a member does what O1 says ("unde',
        ),
        ('cite="kluger1996 shute2008"', 'cite="kluger1996"', "pack.yaml:28: no finding cites shute2008"),
        ("::: finding {", "::: finding\nX.\n:::\n\n::: finding {", "this finding cites nothing"),
    ],
)
def test_outcomes_are_assessed_and_findings_cited(desk: Desk, old: str, new: str, what: str | None) -> None:
    desk.replace(old, new)
    assert what in desk.fault() if what else desk.faults() == []


def test_three_hours_hold_an_application_and_a_reflection(desk: Desk) -> None:
    def lengthen(text: str) -> str:
        return text.replace("minutes: 30\n", "minutes: 180\n").replace(
            "minutes=9", 'minutes=159 pilot="n=3 median=159"'
        )

    desk.edit(lengthen).edit(
        lambda text: text.replace("30", "180", 1).replace("pedagogy: 20", "pedagogy: 170"), "pack.yaml"
    )
    assert desk.faults() == []
    desk.edit(lambda text: text.replace(":::: reflection", ":::: writing"))
    assert f"{SESSION}:2: session 1 has no reflection" in desk.fault()
    desk.edit(lambda text: text.replace("{#try-it minutes=5", "{#try-it minutes=5 optional"))
    assert "session 1 has nothing in which members apply what they learned" in [fault.what for fault in desk.faults()]


@pytest.mark.parametrize(
    ("old", "new", "at", "what"),
    [
        ("- [x] Your claim", "- [ ] Your claim", "{#q1", "q1 has 0 choices marked [x]"),
        ("- [ ] Great effort!", "- [x] Great effort!", "{#q1", "q1 has 2 choices marked [x]"),
        ("- [ ] Great effort!", "- [ ] True.", "- [ ] True.", '"true" makes this a true/false question'),
        ("- [ ] Great effort!", "- [ ] All of the above", "- [ ] All", '"all of the above" speaks of other choices'),
        ("- [ ] Great effort!", "- [ ] Seven out of ten.", "- [ ] Seven out of ten\n", "this choice stands here twice"),
        ("  > A number says where the work stands and no more.\n", "", "- [ ] Seven", "this choice is not explained"),
        (
            "- [ ] Seven out of ten\n",
            "  >\n",
            "{#q1",
            "q1 has 2 choices",
        ),
        (
            "- [ ] That nobody",
            "- [ ] Luck\n  > No.\n- [ ] Rain\n  > No.\n- [ ] That nobody",
            "{#q2",
            "q2 has 6 choices",
        ),
    ],
)
def test_choices_are_few_explained_and_one_is_right(desk: Desk, old: str, new: str, at: str, what: str) -> None:
    fault = desk.replace(old, new).fault()
    assert what in fault
    line = (desk.path / SESSION).read_text()[: (desk.path / SESSION).read_text().index(at)].count("\n") + 1
    assert fault.startswith(f"{SESSION}:{line}:")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("words=70-100", "words=100-70", "100-70 words are no guidance"),
        ("words=70-100", "words=0-170", "0-170 words are no guidance"),
        ("> Why we ask: your trainer answers what you write here.\n", "", "this prompt does not say why it is asked"),
        ("kind=try-report", "kind=look-back", "try looks back and shows nothing"),
    ],
)
def test_prompts_say_why_and_how_much(desk: Desk, old: str, new: str, what: str) -> None:
    assert what in desk.replace(old, new).fault()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[what it is](https://example.org)", None),
        ("[what it is](HTTPS://example.org/a?b#c)", None),
        ("[what it is](http://example.org)", "the link to http://example.org is not https"),
        ("[what it is](javascript:alert(1))", "the link to javascript:alert(1) is not https"),
        ("[what it is](page.html)", "the link to page.html is not https"),
        ("[what it is](https://)", "the link to https:// is not https"),
        ("[what it is]()", "the link to nowhere is not https"),
        ("[Click here](https://example.org)", 'the link text "click here" does not say where'),
        ("[here.](https://example.org)", 'the link text "here" does not say where'),
        ("[](https://example.org)", 'the link text "" does not say where'),
        ("<https://example.org>", "a bare address stands as link text"),
        ("![Two bars](bars.png)", None),
        ("![](bars.png)", "this picture does not say what it shows"),
        ("![bars.png](bars.png)", "this picture does not say what it shows"),
        ("![Image](bars.png)", "this picture does not say what it shows"),
        ("[![Two bars](bars.png)](https://example.org)", None),
        ("### One\n\n#### Two\n\n### Three", None),
        ("## One", "a heading of level 2 stands here"),
        ("One\n===", "a heading of level 1 stands here"),
        ("#### One", "a heading of level 4 stands where level 3 is the next"),
        ("### One\n\n##### Two", "a heading of level 5 stands where level 4 is the next"),
        ("| A | |\n|---|---|\n| 1 | 2 |", "a column of this table has no header"),
        ("Write to ada@example.org.", "an e-mail address stands here"),
        ("Call (555) 234-5678.", "a telephone number stands here"),
        ("Call 555-234-5678.", "a telephone number stands here"),
        ("Call +44 20 7946 0958.", "a telephone number stands here"),
        ("On 2026-11-01, pages 1254-1284, 119(2), 254–284.", None),
    ],
)
def test_text_is_for_everybody(desk: Desk, text: str, what: str | None) -> None:
    desk.add(READING % f"First.\n\n{text}")
    if what is None:
        assert desk.faults() == []
    else:
        fault = desk.fault()
        assert what in fault
        offset = 4 if "Two" in text else 2
        assert fault.startswith(f"{SESSION}:{desk.line_of('First.') + offset}:")


def test_the_line_of_a_link_within_a_paragraph_is_its_own(desk: Desk) -> None:
    desk.add(READING % "One\ntwo [here](https://example.org)\nthree")
    assert desk.fault().startswith(f"{SESSION}:{desk.line_of('two [here]')}:")


def test_headings_go_on_from_one_voice_to_the_next(desk: Desk) -> None:
    desk.replace("#### What it means", "##### What it means")
    assert "a heading of level 5 stands where level 4 is the next" in desk.fault()


def test_a_reference_may_show_its_address(desk: Desk) -> None:
    desk.replace("78(1), 153–189.", "78(1), 153–189. <https://doi.org/10.1000/1>")
    assert desk.faults() == []
    desk.replace("<https://doi.org/10.1000/1>", "[here](https://doi.org/10.1000/1)")
    assert desk.fault().startswith("pack.yaml:29: the link text")


@pytest.mark.parametrize(
    ("today", "what"),
    [
        (date(2030, 1, 15), None),
        (date(2030, 1, 16), "the review was due by 2030-01-15; ask curriculum team to review it"),
        (date(2026, 1, 14), None),
        (date(2026, 1, 13), "the last review, 2026-01-15, is still to come"),
    ],
)
def test_a_review_has_taken_place_and_is_not_overdue(desk: Desk, today: date, what: str | None) -> None:
    assert what in desk.fault(today) if what else desk.faults(today) == []


def test_reviews_are_at_most_five_years_apart(desk: Desk) -> None:
    assert "6 years between reviews" in desk.replace("every_years: 4", "every_years: 6").fault()


def test_a_leap_day_falls_due_at_the_end_of_february(desk: Desk) -> None:
    desk.replace("last: 2026-01-15, every_years: 4", "last: 2024-02-29, every_years: 3")
    assert desk.pack().review.due == date(2027, 2, 28)


@pytest.mark.parametrize(
    ("criteria", "what"),
    [
        (
            "[{id: a, title: A, met: I do it all., approaching: I do some., not_yet: I do none.}]",
            "the rubric has 1 criteria",
        ),
        (
            "[{id: a, title: A, met: I do it all., approaching: I do it all, not_yet: I do none.},"
            " {id: b, title: B, met: I do it all., approaching: I do some., not_yet: I do none.}]",
            "two levels of A say the same",
        ),
        (
            "[{id: a, title: A, met: All., approaching: I do some., not_yet: I do none.},"
            " {id: b, title: B, met: I do it all., approaching: I do some., not_yet: I do none.}]",
            "a level of A is not a sentence",
        ),
    ],
)
def test_a_rubric_tells_its_levels_apart(desk: Desk, criteria: str, what: str) -> None:
    assert what in desk.replace("  use: default", f"  criteria: {criteria}").fault()


def test_no_more_faults_of_one_file_are_told_than_anybody_reads(desk: Desk) -> None:
    desk.add(READING % ("# One\n\n" * 500))
    assert len(desk.faults()) == 100
