"""Dates of courses and links, as LMSs write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lti.dates import moment
from tests.lti.peer import Desk

MARCH = datetime(2027, 3, 15, 4, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    "said",
    [
        "2027-03-15T04:59:59Z",
        "2027-03-15T04:59:59.000Z",
        "2027-03-15T04:59:59+00:00",
        "2027-03-14T23:59:59-05:00",
        "2027-03-14T23:59:59.123456789-0500",
        "2027-03-14 23:59:59 -0500",
        "2027-03-15 04:59:59 UTC",
    ],
)
def test_what_lmss_write_is_read(said: str) -> None:
    assert moment(said) == MARCH


@pytest.mark.parametrize(
    "said",
    [
        "",
        "$CourseSection.timeFrame.begin",
        "soon",
        "2027-03-15",
        "2027-03-15T04:59:59",
        "2027-02-30T00:00:00Z",
        "2027-03-15T25:00:00Z",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0000-00-00T00:00:00Z",
        "2027-03-15T04:59:59+99:99",
        "2027-03-15T04:59:59Z\n",
        "２０２７-03-15T04:59:59Z",
        "20270315T045959Z",
    ],
)
def test_anything_else_is_no_date(said: str) -> None:
    assert moment(said) is None


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[Z+-]\d{0,4}"))
def test_whatever_is_said_nothing_fails(said: str) -> None:
    found = moment(said)
    assert found is None or found.tzinfo is UTC


def test_a_launch_carries_the_days_as_they_were_said_and_a_literal_variable_is_none(desk: Desk) -> None:
    custom = {
        "course_begins_at": "2026-09-01T00:00:00Z",
        "course_ends_at": "$CourseSection.timeFrame.end",
        "link_available_at": "",
        "link_due_at": "2027-03-15T04:59:59Z" + "0" * 100,
    }
    place = desk.launch(custom=custom).message.place
    assert place.course_dates == ("2026-09-01T00:00:00Z", "")
    assert place.link_dates == ("", ("2027-03-15T04:59:59Z" + "0" * 100)[:40])
    silent = desk.launch(custom={"practicum_offering": "x"}).message.place
    assert (silent.course_dates, silent.link_dates) == (None, None)
