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
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import urllib3

from tests.demo_lms import World, launch, register_tool, running_lms
from tests.demo_lms.cast import school_context

ORGANIZATION = "Riverbend Teachers, Local 1"
OFFERING = "MOD-FA-01"
PRACTICUM = str(Path(sys.executable).with_name("practicum"))


@dataclass(frozen=True)
class Demo:
    """Where things are, and the environment in which the tool's commands run."""

    tool: str
    lms: str
    folder: Path
    environment: dict[str, str]

    def command(self, *words: str) -> str:
        """Run a `practicum` command; its last line."""
        done = subprocess.run([PRACTICUM, *words], env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"practicum {' '.join(words)}: {done.stderr or done.stdout}")
        return (done.stdout.strip().splitlines() or [""])[-1]


def main() -> None:
    """Start everything, say what to open, stop with Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo")
    parser.add_argument("--tool-port", type=int, default=8000)
    parser.add_argument("--lms-port", type=int, default=8001)
    parser.add_argument("--folder", type=Path, default=Path("var/demo"))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    tool = f"http://localhost:{given.tool_port}"
    demo = Demo(tool, f"http://127.0.0.1:{given.lms_port}", given.folder.resolve(), _environment(tool, given.folder))
    demo.command("db", "upgrade")
    demo.command("packs", "publish")
    serve = [PRACTICUM, "serve", "--port", str(given.tool_port)]
    log = demo.folder / "practicum.log"
    with log.open("ab") as out:
        server = subprocess.Popen(serve, env=demo.environment, stdout=out, stderr=out)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        _wait_for(tool + "/readyz", server, log)
        with running_lms(port=given.lms_port, state_file=demo.folder / "lms.json") as (_, world):
            prepare(demo, world)
            print(words(demo), flush=True)
            server.wait()
    except KeyboardInterrupt:
        print("\nStopped. Everything is kept in", given.folder)
    finally:
        server.terminate()
        server.wait(timeout=20)


def prepare(demo: Demo, world: World) -> None:
    """Connect the LMS and fill the school's course, unless an earlier start did."""
    if world.tools:
        return
    demo.command("organizations", "add", ORGANIZATION)
    tool = register_tool(world, demo.command("platforms", "invite", "--organization", ORGANIZATION, "--approve"))
    world.change_tool(tool.client_id, active=True)
    context = school_context(world)
    picker = launch(world, "ian", context)
    picker.browser.submit(picker.page, picker.page.form("/deep-linking/"), offering=OFFERING)
    link = next(iter(world.links.values()))
    for person, role in (("tom", "trainer"), ("lou", "lsc"), ("ann", "admin")):
        visit = launch(world, person, link)
        page = visit.browser.open(demo.command("grant", role, "--organization", ORGANIZATION))
        visit.browser.submit(page, page.form("/grant"))


def words(demo: Demo) -> str:
    """What to open and what to click."""
    return f"""
Practicum is running, inside the demo LMS of Riverbend School District.

  Open    {demo.lms}

  1. Sign in there as Ada Okafor (member), open "Riverbend PD 2026" and the module in it. Read, practise, write the
     reflection and send it to the trainer.
  2. Sign in as Tom Reyes (trainer), open the same module: "Reflections to answer". Return it once, then accept it.
  3. Back as Ada: revise, finish what is left. Look at the LMS's gradebook: the completion is there.
  4. Sign in as Lou Park (LSC), open the module: "Completion report", CSV and Excel.
     Ian Principal teaches in the LMS without a grant; Ann Admin looks after both LMS and connections.

  The tool alone: {demo.tool} (it says that one comes in through the LMS)
  Kept in {demo.folder}; delete that folder to begin anew. Stop with Ctrl-C.
"""


def _environment(tool: str, folder: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PRACTICUM_")}
    return {
        **inherited,
        "PRACTICUM_DEVELOPMENT": "1",
        "PRACTICUM_BASE_URL": tool,
        "PRACTICUM_DATABASE_URL": os.environ.get(
            "PRACTICUM_DATABASE_URL", f"sqlite:///{folder.resolve() / 'practicum.db'}"
        ),
    }


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    http = urllib3.PoolManager(retries=False, timeout=2)
    for _ in range(150):
        if server.poll() is not None:
            raise SystemExit(f"practicum serve ended; its log is {log}:\n{log.read_text()[-2000:]}")
        try:
            if http.request("GET", url).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass  # it is still starting
        time.sleep(0.2)
    raise SystemExit(f"practicum serve did not get ready within 30 seconds; its log is {log}")


if __name__ == "__main__":
    main()
