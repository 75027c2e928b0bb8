"""The default rubric: four criteria, three marks, each cell a sentence that a member can act on.

"Examines practice" follows the levels of Hatton and Smith (1995): describing, explaining, weighing
alternatives.
"""

from content.schema import Criterion, Rubric

DEFAULT = Rubric(
    criteria=(
        Criterion(
            key="practice",
            title="Examines practice",
            met="I weigh what happened, why, and another way it could have gone.",
            approaching="I explain why it happened from one angle.",
            not_yet="I tell what happened.",
        ),
        Criterion(
            key="research",
            title="Uses the research",
            met="I use an idea from the session to explain or change a choice, and it fits.",
            approaching="I name an idea; the link to my choice is loose.",
            not_yet="No idea from the session is used yet.",
        ),
        Criterion(
            key="setting",
            title="Applies in my setting",
            met="I say where, when and with which materials, and what I adapted.",
            approaching="My plan is clear, but the setting or the timing is missing.",
            not_yet="I state a general intention only.",
        ),
        Criterion(
            key="response",
            title="Student response and next step",
            met="I describe what students did or said, without names, and a dated next step.",
            approaching="I describe a response or a next step.",
            not_yet="Neither a response nor a next step is there yet.",
        ),
    )
)
