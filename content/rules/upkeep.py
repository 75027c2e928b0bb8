"""Somebody wrote it, somebody looks after it, and members know by what they are read."""

from collections.abc import Iterator
from datetime import date, timedelta

from content.errors import Fault
from content.manuscript import Manuscript
from content.schema import Pack

LONGEST_REVIEW_YEARS = 5
FEWEST_CRITERIA, MOST_CRITERIA = 2, 8
FEWEST_WORDS_OF_A_CELL = 3


def review(pack: Pack, manuscript: Manuscript, today: date) -> Iterator[Fault]:
    """The last review has taken place, and the next one is not overdue."""
    place = manuscript.at("pack:review")
    # a day's grace: where the author sits, tomorrow may have begun
    if pack.review.last > today + timedelta(days=1):
        yield place.fault(f"the last review, {pack.review.last}, is still to come", "write the day it took place")
    if pack.review.every_years > LONGEST_REVIEW_YEARS:
        yield place.fault(
            f"{pack.review.every_years} years between reviews are too long",
            f"write {LONGEST_REVIEW_YEARS} or fewer",
        )
    if pack.review.due < today:
        yield place.fault(
            f"the review was due by {pack.review.due}",
            f"ask {pack.review.owner} to review it, then write the new day",
        )


def rubric(pack: Pack, manuscript: Manuscript, _today: date) -> Iterator[Fault]:
    """A rubric has a few criteria, and tells met, approaching and not yet apart in sentences."""
    place = manuscript.at("pack:rubric")
    criteria = pack.rubric.criteria
    if not FEWEST_CRITERIA <= len(criteria) <= MOST_CRITERIA:
        yield place.fault(
            f"the rubric has {len(criteria)} criteria",
            f"give it {FEWEST_CRITERIA} to {MOST_CRITERIA}, or use: default",
        )
    for criterion in criteria:
        cells = (criterion.met, criterion.approaching, criterion.not_yet)
        if len({cell.lower().strip(" .") for cell in cells}) < len(cells):
            yield place.fault(f"two levels of {criterion.title} say the same", "say how they differ")
        if any(len(cell.split()) < FEWEST_WORDS_OF_A_CELL for cell in cells):
            yield place.fault(
                f"a level of {criterion.title} is not a sentence",
                'write what a member does, e.g. "I explain why …"',
            )
