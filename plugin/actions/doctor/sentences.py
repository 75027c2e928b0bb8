"""What each finding means, whose turn it is, and its sentences, which explain their own words: they are read by people
who run an LMS, not by people who know its protocols.

English stands here once; `marked` marks what belongs into the catalogues (`pybabel extract -k marked`). Findings are
stored: a code that changes what it means, or its facts, becomes another code.
"""

from __future__ import annotations

from dataclasses import dataclass

from plugin.actions.doctor.findings import Check, Health, Who


def marked(text: str) -> str:
    """Mark a text for the catalogues."""
    return text


@dataclass(frozen=True)
class Words:
    """What a code means: the verdict, whose turn it is, what is the case, what they do about it ("" for nothing)."""

    health: Health
    who: Who
    wrong: str
    todo: str = ""


TITLES = {
    Check.SWITCH: marked("The connection is switched on"),
    Check.DEPLOYMENTS: marked("Deployments: the places in the LMS where Practicum was put"),
    Check.LAUNCH: marked("People come in from the LMS"),
    Check.KEYS: marked("The LMS’s public keys, which prove that a sign-in comes from it"),
    Check.CLOCK: marked("The clocks agree"),
    Check.TOKEN: marked("The LMS knows Practicum again when it calls (access token)"),
    Check.MAY_SCORE: marked("Right: send grades"),
    Check.MAY_RESULT: marked("Right: read back the grades that Practicum sent"),
    Check.MAY_COLUMN: marked("Right: see Practicum’s gradebook columns"),
    Check.MAY_ROSTER: marked("Right: see who is in a course"),
    Check.COLUMN: marked("A gradebook column for Practicum"),
    Check.SCORE: marked("A test grade arrives in the gradebook"),
    Check.ROSTER: marked("The list of people in a course"),
    Check.COPIES: marked("Copied courses say what they were copied from"),
    Check.NOTICES: marked("The LMS says when a course is copied (notices)"),
    Check.OUTBOX: marked("Grades that are still to be told to the LMS"),
}

W, M, U, X = Health.WELL, Health.MEND, Health.UNKNOWN, Health.NONE
LMS, OURS, NOBODY = Who.LMS, Who.OURS, Who.NOBODY

WORDS = {
    # calls that did not go well
    "name-unknown": Words(
        M,
        LMS,
        marked("The name %(host)s, at which this should be found, is not known on the internet (%(address)s)."),
        marked("Check the name in the internet’s name service (DNS), or tell us the right address if it has changed."),
    ),
    "certificate": Words(
        M,
        LMS,
        marked("No secure connection (TLS) to %(host)s comes about (%(address)s)."),
        marked(
            "Mostly the web certificate has run out, or lacks its intermediate certificates, for which browsers make "
            "up and other callers do not. Renew it, and install the whole chain."
        ),
    ),
    "slow": Words(
        M,
        LMS,
        marked("%(address)s did not answer within %(seconds)s seconds."),
        marked(
            "Check that this address can be reached from the internet: a firewall that lets only browsers through "
            "stops it, and so does maintenance."
        ),
    ),
    "unreachable": Words(
        M,
        LMS,
        marked("Nobody answers at %(address)s, or the connection breaks off."),
        marked(
            "Check that the LMS runs, and that this address can be reached from the internet and not only from inside "
            "the district’s network."
        ),
    ),
    "address-refused": Words(
        M,
        OURS,
        marked("Practicum does not call %(address)s: it is not https, or leads into a private network."),
        marked(
            "Ask the LMS’s administrator for the address that is reachable from outside, and connect the LMS with it."
        ),
    ),
    "host-unknown": Words(
        M,
        OURS,
        marked("The LMS named %(address)s, which is on a host that is not registered for this connection."),
        marked("Ask the LMS’s administrator whether that host is theirs. If it is, let the LMS register once more."),
    ),
    "redirect": Words(
        M,
        LMS,
        marked("%(address)s sends the caller on to another address (status %(status)s). Practicum does not follow."),
        marked("Tell us the address to which it leads now, or take the forwarding away for this address."),
    ),
    "page-instead": Words(
        M,
        LMS,
        marked("%(address)s answers with a web page instead of data. Mostly it is a sign-in page."),
        marked("Let this address be called without a sign-in page (single sign-on or firewall) in front of it."),
    ),
    "not-readable": Words(
        M,
        LMS,
        marked("%(address)s answers with something that is not the data it should be (JSON)."),
        marked("Check that the address is right, and that nothing in front of the LMS changes its answers."),
    ),
    "too-long": Words(
        M,
        LMS,
        marked("The answer of %(address)s is longer than Practicum reads: more than a million bytes."),
        marked("Check that the address is right. It should answer with some kilobytes."),
    ),
    "service-refused": Words(
        M,
        LMS,
        marked("The LMS gives Practicum a token and then refuses it at %(address)s (status %(status)s)."),
        marked(
            "Allow this service for Practicum in the tool’s settings, and check that the course still has the tool."
        ),
    ),
    "not-there": Words(
        M,
        LMS,
        marked("There is nothing at %(address)s (status %(status)s)."),
        marked(
            "If it is a course’s address, the course or the activity was deleted: open Practicum from a course that is "
            "in use, and test again. Otherwise tell us the right address."
        ),
    ),
    "not-taken": Words(
        M,
        LMS,
        marked("The LMS refuses a request that follows the standard, at %(address)s (status %(status)s)."),
        marked("Look into the LMS’s log at the time of this test for the reason, and send it to us."),
    ),
    "lms-trouble": Words(
        M,
        LMS,
        marked("The LMS has trouble of its own at %(address)s (status %(status)s)."),
        marked("Look into the LMS’s log at the time of this test. If it was maintenance, nothing is to be done."),
    ),
    "busy": Words(U, NOBODY, marked("The LMS asks for patience (status %(status)s). Test again in some minutes.")),
    "no-time": Words(
        U, NOBODY, marked("A test ends after %(seconds)s seconds, and the LMS’s answers took longer. Test again later.")
    ),
    "accident": Words(
        U,
        OURS,
        marked("Something went wrong inside Practicum during this check."),
        marked("Report it with the time of the test."),
    ),
    "needs-token": Words(U, NOBODY, marked("This can be checked once the LMS gives Practicum a token.")),
    "needs-right": Words(X, NOBODY, marked("The LMS does not give the right that this needs; see above.")),
    "right-missing": Words(
        M,
        LMS,
        marked("The LMS gives a token without the right that this needs."),
        marked("Allow it in the tool’s settings."),
    ),
    "needs-launch": Words(
        U,
        NOBODY,
        marked("This is named when somebody opens an activity of Practicum in a course, which nobody has yet."),
    ),
    # switch, deployments, launches
    "switch-active": Words(W, NOBODY, marked("It is.")),
    "switch-pending": Words(
        M,
        OURS,
        marked("It waits for approval: nobody can come in."),
        marked("Check that its address is the LMS you expect, and switch it on."),
    ),
    "switch-disabled": Words(
        X, NOBODY, marked("It is switched off in Practicum: nobody can come in, and nothing is told to the LMS.")
    ),
    "deployments-known": Words(W, NOBODY, marked("Known: %(count)s.")),
    "deployments-first": Words(X, NOBODY, marked("None is known yet. The first person who comes in brings it along.")),
    "deployments-none": Words(
        M,
        OURS,
        marked("None is known, and since many customers share this connection none is added by itself."),
        marked("Ask the LMS’s administrator for the deployment id that their LMS shows, and add it."),
    ),
    "launch-seen": Words(W, NOBODY, marked("The last time: %(at)s, to the hour.")),
    "launch-long-ago": Words(
        W,
        NOBODY,
        marked("Nobody has come in for more than 30 days; the last time: %(at)s. Between courses this is normal."),
    ),
    "launch-never": Words(
        U,
        LMS,
        marked("Nobody has come in from this LMS yet."),
        marked("Switch the tool on in the LMS, add Practicum to a course, and open it there once."),
    ),
    "launch-no-activity": Words(
        U,
        LMS,
        marked("People came in, but nobody has opened an activity of Practicum in a course yet."),
        marked("Add an activity of Practicum to a course, and open it there once."),
    ),
    # keys, clock, token
    "keys-well": Words(W, NOBODY, marked("Keys that can be used: %(count)s, in %(kilobytes)s kB.")),
    "keys-changed": Words(
        W,
        NOBODY,
        marked(
            "Keys that can be used: %(count)s, in %(kilobytes)s kB. All of them are new. That is well if the LMS has "
            "changed its keys."
        ),
    ),
    "keys-none": Words(
        M,
        LMS,
        marked(
            "%(address)s answers, but holds no key for checking signatures (RSA of 2048 bits or more, or EC P-256)."
        ),
        marked("Check in the LMS that it has a signing key, and that this is the address of its key set (JWKS)."),
    ),
    "clock-well": Words(W, NOBODY, marked("They do, to half a minute.")),
    "clock-ahead": Words(
        M,
        LMS,
        marked("The LMS’s clock is %(seconds)s seconds ahead of Practicum’s. People may be refused as “too early”."),
        marked(
            "Compare the LMS’s server with a clock that you trust (time.gov). If it is right, tell us: then it is ours."
        ),
    ),
    "clock-behind": Words(
        M,
        LMS,
        marked("The LMS’s clock is %(seconds)s seconds behind Practicum’s. People may be refused as “too late”."),
        marked(
            "Compare the LMS’s server with a clock that you trust (time.gov). If it is right, tell us: then it is ours."
        ),
    ),
    "clock-unseen": Words(U, NOBODY, marked("No answer of the LMS said what time it is there.")),
    "token-well": Words(W, NOBODY, marked("It does.")),
    "token-refused": Words(
        M,
        LMS,
        marked(
            "The LMS does not accept Practicum when it calls (%(address)s answered %(status)s, %(error)s). No grade "
            "can arrive."
        ),
        marked(
            "Check that the tool is switched on, that its client id is the one below, and that the LMS can read "
            "Practicum’s public keys at the address below."
        ),
    ),
    "token-audience": Words(
        M,
        OURS,
        marked(
            "The LMS does not accept Practicum when it calls: an LMS of this make wants to be addressed in its own way."
        ),
        marked("Connect it with the token audience %(wanted)s."),
    ),
    "token-no-right": Words(
        M,
        LMS,
        marked("The LMS accepts Practicum, but gives it none of the rights that it asks for."),
        marked("Allow grades (Assignment and Grade Services) for this tool in its settings in the LMS."),
    ),
    # rights
    "right-granted": Words(W, NOBODY, marked("The LMS gives it.")),
    "may-score-refused": Words(
        M,
        LMS,
        marked("The LMS does not give it, so no completion reaches the gradebook."),
        marked("Allow the tool to send grades (Assignment and Grade Services, “score”) in its settings in the LMS."),
    ),
    "may-result-refused": Words(
        X,
        NOBODY,
        marked("The LMS does not give it. Grades arrive all the same; Practicum cannot look whether they did."),
    ),
    "may-column-refused": Words(
        X,
        NOBODY,
        marked("The LMS does not give it. Grades arrive all the same, in the columns that the LMS makes by itself."),
    ),
    "may-roster-refused": Words(
        M,
        LMS,
        marked(
            "The LMS offers the list of a course’s people to Practicum, and then does not give the right to read it."
        ),
        marked("Allow it (Names and Role Provisioning Services) in the tool’s settings, or take the offer away."),
    ),
    # column, score
    "column-well": Words(W, NOBODY, marked("It is there, among %(count)s in the course with id %(course)s.")),
    "column-gone": Words(
        M,
        LMS,
        marked(
            "The LMS lists %(count)s columns in the course with id %(course)s, and the one that grades go to is not "
            "among them: the activity was deleted or replaced."
        ),
        marked(
            "Let somebody open Practicum from the activity that is now in the course. Its column is used from then on."
        ),
    ),
    "column-none": Words(
        M,
        LMS,
        marked("No activity of Practicum in the course with id %(course)s has a gradebook column (listed: %(count)s)."),
        marked(
            "Practicum makes one with the first thing that it has to tell, where the LMS allows that. To have it now, "
            "add the activity again by “select content”, which brings a column along."
        ),
    ),
    "column-not-offered": Words(
        M,
        LMS,
        marked("People come in, but the LMS does not offer grades to Practicum in their course."),
        marked("Allow grades (Assignment and Grade Services) for this tool in its settings in the LMS."),
    ),
    "score-not-asked": Words(
        X, NOBODY, marked("Not tested, since it changes a gradebook. Name a test learner of the LMS to test it.")
    ),
    "score-no-column": Words(U, NOBODY, marked("No gradebook column is known to which a test grade could go.")),
    "score-well": Words(
        W, NOBODY, marked("It did, in the course with id %(course)s, and was read back. The LMS keeps it.")
    ),
    "score-sent": Words(
        W, NOBODY, marked("The LMS took it. It does not let Practicum read it back: look into the gradebook.")
    ),
    "score-other": Words(
        M,
        LMS,
        marked("The LMS took the test grade, but its gradebook shows another one or none."),
        marked("Check whether the grade of the test learner is locked or was overridden by hand."),
    ),
    "score-newer": Words(
        U,
        NOBODY,
        marked("The LMS holds a later grade for this test learner and kept that one. Test again in a minute."),
    ),
    "score-no-learner": Words(
        M,
        OURS,
        marked("The LMS does not have the person whom you named as a learner of the course with id %(course)s."),
        marked("Name a test user who is enrolled as a learner there, by the user id that the LMS sends."),
    ),
    # roster
    "roster-well": Words(W, NOBODY, marked("It is there; its first page has %(count)s people, with names.")),
    "roster-nameless": Words(
        W,
        NOBODY,
        marked("It is there; its first page has %(count)s people, without names. Practicum works without them."),
    ),
    "roster-empty": Words(
        M,
        LMS,
        marked("The LMS answers that nobody is in the course with id %(course)s, from which people came in."),
        marked("Check that the course is published and in use, and that the tool may see its people."),
    ),
    "roster-not-offered": Words(
        X,
        NOBODY,
        marked("This LMS does not offer it to Practicum. Then only people who came in are known, which is enough."),
    ),
    # copies
    "copies-told": Words(W, NOBODY, marked("They do.")),
    "copies-unseen": Words(U, NOBODY, marked("This is seen when the next person comes in.")),
    "copies-lack": Words(
        M,
        LMS,
        marked("They do not, so what belongs together in a copied course has to be found by other means."),
        marked(
            "Add two custom parameters to the tool in the LMS, each on a line of its own: "
            "context_id_history=$Context.id.history and link_id_history=$ResourceLink.id.history"
        ),
    ),
    "copies-never": Words(X, NOBODY, marked("This LMS cannot say it. A copied course begins afresh.")),
    "copies-by-notice": Words(
        W,
        NOBODY,
        marked("They do not, but the LMS says so in notices, which is as good for courses copied from now on."),
    ),
    # notices
    "notices-registered": Words(W, NOBODY, marked("It does; asked for, and taken, in %(count)s deployments.")),
    "notices-on-their-way": Words(
        W, NOBODY, marked("The LMS offers it, and is asked for it by itself within minutes.")
    ),
    "notices-not-offered": Words(
        X,
        NOBODY,
        marked("This LMS does not offer it to Practicum. Launches from a copied course may say it, which is enough."),
    ),
    "notices-lack-right": Words(
        M,
        LMS,
        marked("The LMS offers to say when a course is copied, and then does not give the right to be told."),
        marked(
            "Allow the Platform Notification Service for this tool in its settings in the LMS, or take the offer away."
        ),
    ),
    "notices-not-taken": Words(
        M,
        LMS,
        marked("The LMS offers to say when a course is copied, but did not take Practicum’s address for it."),
        marked(
            "Look into the LMS’s log for the reason. Practicum’s address for it is on the tool’s own domain, and is "
            "told again each day."
        ),
    ),
    # outbox
    "outbox-empty": Words(W, NOBODY, marked("None waits.")),
    "outbox-waiting": Words(W, NOBODY, marked("On their way: %(count)s, and nothing is wrong with them.")),
    "outbox-paused": Words(U, NOBODY, marked("Nothing is sent before %(until)s, since the LMS did not answer lately.")),
    "outbox-retries": Words(U, NOBODY, marked("%(count)s are tried again by themselves. %(reason)s")),
    "outbox-refused": Words(
        M,
        OURS,
        marked("%(count)s could not be told. %(reason)s"),
        marked("Look at them under Reports, and send them again there."),
    ),
    "outbox-refused-ours": Words(
        M,
        OURS,
        marked("%(count)s could not be told. %(reason)s"),
        marked("Mend this here, then send them again under Reports."),
    ),
    "outbox-refused-lms": Words(
        M,
        LMS,
        marked("%(count)s grades could not be told to the LMS. %(reason)s"),
        marked("Tell us when this is mended: then we send them again."),
    ),
}

KEPT = marked("The keys that Practicum read %(hours)s hours ago still let people in.")

# where an LMS keeps a tool's settings; the others call it in too many ways
PLACES = {
    "moodle": marked(
        "In Moodle: Site administration, Plugins, External tool, Manage tools, then the cog of Practicum."
    ),
    "canvas": marked("In Canvas: Admin, Developer Keys, then the key of Practicum; the key has to be switched on."),
}
