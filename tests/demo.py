"""`python -m tests.demo`: the whole house on this computer, on two origins, with everybody in it.

The tool runs as `practicum serve` runs it anywhere; the LMS is `tests.demo_lms`, served by this process. What is set up
goes the way it goes in life: the LMS registers dynamically with a one-time link, its instructor chooses the module,
trainer and LSC come in through a launch and open their grant's link. It is kept in var/demo; delete the folder to
begin anew.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.demo_lms import World, launch, register_tool, running_lms
from tests.demo_lms.cast import school_context
from tests.installation import LOCAL, OFFERING, Installation


def main() -> None:
    """Start everything, say what to open, stop with Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo")
    parser.add_argument("--tool-port", type=int, default=8000)
    parser.add_argument("--lms-port", type=int, default=8001)
    parser.add_argument("--folder", type=Path, default=Path("var/demo"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    folder: Path = given.folder.resolve()
    database_url = os.environ.get("PRACTICUM_DATABASE_URL", f"sqlite:///{folder / 'practicum.db'}")
    demo = Installation(given.tool_port, database_url, folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        demo.command("db", "upgrade")
        demo.command("packs", "publish")
        demo.start()
        with running_lms(port=given.lms_port, state_file=folder / "lms.json") as (_, world):
            prepare(demo, world)
            print(words(demo, f"http://127.0.0.1:{given.lms_port}", folder), flush=True)
            demo.wait()
    except KeyboardInterrupt:
        print("\nStopped. Everything is kept in", given.folder)
    except AssertionError as error:
        raise SystemExit(str(error)) from None
    finally:
        demo.stop()


def prepare(demo: Installation, world: World) -> None:
    """Connect the LMS and fill the school's course, unless an earlier start did."""
    if world.tools:
        return
    demo.command("organizations", "add", LOCAL)
    tool = register_tool(world, demo.last_line("platforms", "invite", "--organization", LOCAL, "--approve"))
    world.change_tool(tool.client_id, active=True)
    today = datetime.now(UTC)
    context = world.change_context(
        school_context(world),
        begins=f"{today - timedelta(days=60):%Y-%m-%d}T00:00:00Z",
        ends=f"{today + timedelta(days=180):%Y-%m-%d}T23:59:59Z",
    )
    picker = launch(world, "ian", context)
    picker.browser.submit(
        picker.page, picker.page.form("/deep-linking/"), offering=OFFERING, due=f"{today + timedelta(days=60):%Y-%m-%d}"
    )
    link = next(iter(world.links.values()))
    for person, role in (("tom", "trainer"), ("lou", "lsc"), ("ann", "admin")):
        visit = launch(world, person, link)
        page = visit.browser.open(demo.last_line("grant", role, "--organization", LOCAL))
        visit.browser.submit(page, page.form("/grant"))


def words(demo: Installation, lms: str, folder: Path) -> str:
    """What to open and what to click."""
    return f"""
Practicum is running, inside the demo LMS of Riverbend School District.

  Open    {lms}

  1. Sign in there as Ada Okafor (member), open "Riverbend PD 2026" and the module in it. Read, practise, write the
     reflection and send it to the trainer.
  2. Sign in as Tom Reyes (trainer), open the same module: "Reflections to answer". Return it once, then accept it.
  3. Back as Ada: revise, finish what is left. Look at the LMS's gradebook: the completion is there.
  4. Sign in as Lou Park (LSC), open the module: "Completion report", CSV and Excel.
     Ian Principal teaches in the LMS without a grant; Ann Admin looks after both LMS and connections.

  The tool alone: {demo.tool} (it says that one comes in through the LMS)
  Kept in {folder}; delete that folder to begin anew. Stop with Ctrl-C.
"""


if __name__ == "__main__":
    main()
