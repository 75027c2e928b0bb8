"""What the people of the story write."""

from __future__ import annotations

GOAL = (
    "My fourth graders hand in a weekly paragraph. They look at the star at the top, smile or sigh, and put it away. "
    "On the next one the same thing is missing: a sentence that says why. I would like them to find that place "
    "themselves and try it again before the paragraph goes home."
)

PLAN = (
    "Where and when: my fourth grade, writing block, Tuesday 2 December, the weekly paragraph. Goal: before they write "
    "we compare two short paragraphs about the same field trip and say which one lets us see it, five minutes. Gap: "
    "each student underlines the sentence that tells why, or puts a dot in the margin where it should be. The comment: "
    "“Your first sentence makes me curious. Find the place with the dot and tell me why it mattered to you.” Time: the "
    "first ten minutes on Wednesday; the spelling starter moves to Thursday. I will watch whether they write next to "
    "the dot or start a new paragraph. If they copy my words, the comment was too long, and I will cut it in half."
)

CONVERSATION = (
    "My colleague asked what a student does who finds no place for a dot, because everything is there. I had not "
    "thought of that student at all. She saw that the comparison already works, since students do the looking. The "
    "next step that came out: give that student a partner’s paragraph to put a dot in. I keep the ten minutes on "
    "Wednesday and change the comment: shorter, and with a question at its end. I felt how good it was to get one "
    "thing to do instead of five, and I slept well on it."
)

REFLECTION = (
    "I tried it with the weekly paragraph in my fourth grade on Tuesday. Before they wrote, we compared two paragraphs "
    "about the field trip. Then they put a dot where the reason was missing, and I wrote one comment: your first "
    "sentence makes me curious, tell me why it mattered to you. On Wednesday most of them wrote a sentence right "
    "beside the dot. Two students wrote the reason at the very end, far from the dot, and one asked me whether it had "
    "to be true. I believe most could act because they had found the place themselves. It could also be that the "
    "comment left them nothing else to do. Hattie and Timperley ask for a goal, a gap and a time, and the dot was the "
    "gap. The children worked with paper paragraphs and colored pencils, and it took nine minutes. "
)

LOST = "What surprised me is that nobody asked about the star, not even the one who always does. "

NEXT_STEP = "My next step is to let a partner put the dot."

REVISION = (
    "\n\nMy next step has a date now: on Tuesday, 9 December, partners put the dot for each other before they revise, "
    "and I will keep the first and the second try of six students side by side to see who changed more than one place."
)

LOOK_BACK = (
    "My goal was about the place where the reason is missing, and it has become smaller: one dot, one question. I keep "
    "comparing two paragraphs, because that already works. Of the inventory I would move the sixth statement first. "
    "My next step is the partner’s dot on 9 December, and I have put it in my calendar."
)

WORKING = "You let students find the gap themselves, and you looked at what they did with it."
COMMENT = "There is no date yet. When will partners put the dot, and how will you see whether it helped?"
QUESTION = "What did the student who asked about the truth write in the end?"
WELL_DONE = "The date and the six pairs of tries make this something you can look back on."
