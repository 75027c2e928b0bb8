"""`python -m tests.screenshots`: the whole story, each of its pages as a picture in var/screenshots.

--readme    writes the picture of the README, plugin/docs/pictures/member.png, and nothing else
--folder    where to, instead of var/screenshots
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser import chromium
from tests.journeys.house import running_house
from tests.screenshots import cookies, tour
from tests.screenshots.camera import Camera

README_PICTURE = Path("plugin/docs/pictures/member.png")


def main() -> None:
    """Walk, and say where the pictures are."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots")
    parser.add_argument("--readme", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path("var/screenshots"))
    given = parser.parse_args()
    camera = Camera(given.folder)
    with tempfile.TemporaryDirectory(prefix="practicum-") as kept:
        url = f"sqlite:///{kept}/practicum.db"
        with running_house(url, Path(kept)) as house, chromium() as browser:
            if given.readme:
                README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
                tour.member_half_way(house, browser, README_PICTURE)
                print(README_PICTURE)
                return
            given.folder.mkdir(parents=True, exist_ok=True)
            try:
                tour.whole_story(house, browser, camera, url)
            except BaseException:
                print(house.log_end())
                raise
    with sync_playwright() as playwright:
        camera.singles += cookies.matrix(playwright, given.folder)
    print(f"{len(camera.taken)} pages, {len(camera.singles)} single pictures: {camera.write_index()}")


if __name__ == "__main__":
    main()
