"""The people and contexts that every demonstration and most tests begin with."""

from tests.demo_lms.model import Context
from tests.demo_lms.vocabulary import COURSE_SECTION, Role
from tests.demo_lms.world import World

SCHOOL_CONTEXT = "RPD-2026"
OTHER_CONTEXT = "OAK-2026"


def populate(world: World) -> None:
    """Fill an empty world with the cast.

    Members are teachers: Learners in the context, Instructors of the institution. The second context has its own
    people, except Ben, so that a test can tell what is Riverbend's from what is Oakdale's.
    """
    world.add_person("ada", "Ada Okafor", id="1001", standing="member, teaches grade 4")
    world.add_person("ben", "Ben Castillo", id="1002", standing="member, teaches science", locale="es-US")
    world.add_person("tom", "Tom Reyes", id="1003", standing="trainer")
    world.add_person("lou", "Lou Park", id="1004", standing="local site coordinator")
    world.add_person("ian", "Ian Principal", id="1005", standing="instructor of the class in this LMS")
    world.add_person(
        "ann",
        "Ann Admin",
        id="1006",
        standing="LMS administrator",
        institution_roles=(Role.INSTITUTION_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR),
    )
    world.add_person("eve", "Eve Lindqvist", id="1007", standing="member at Oakdale")
    # one type as a simple name, as Moodle sends it, the other as the URI that the standard prefers
    school = world.add_context("Riverbend PD 2026", id="201", label=SCHOOL_CONTEXT, types=("CourseSection",))
    other = world.add_context("Oakdale PD 2026", id="202", label=OTHER_CONTEXT, types=(COURSE_SECTION,))
    for key in ("ada", "ben", "tom", "lou"):
        world.enrol(key, school)
    world.enrol("ian", school, Role.INSTRUCTOR)
    world.enrol("ben", other)
    world.enrol("eve", other)
    world.enrol("ian", other, Role.INSTRUCTOR)


def school_context(world: World) -> Context:
    """Riverbend PD 2026."""
    return world.context(SCHOOL_CONTEXT)
