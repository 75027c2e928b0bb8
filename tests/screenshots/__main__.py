"""`python -m tests.screenshots`: the whole story, each of its pages as a picture in var/screenshots.

--readme    writes the picture of the README, plugin/docs/pictures/member.png, and nothing else
--folder    where to, instead of var/screenshots
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.browser import chromium
from tests.journeys.house import running_house
from tests.screenshots import tour
from tests.screenshots.camera import Camera

README_PICTURE = Path("plugin/docs/pictures/member.png")


def main() -> None:
    """Walk, and say where the pictures are."""
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots")
    parser.add_argument("--readme", action="store_true")
    parser.add_argument("--folder", type=Path, default=Path("var/screenshots"))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="practicum-") as kept:
        url = f"sqlite:///{kept}/practicum.db"
        with running_house(url, Path(kept)) as house, chromium() as browser:
            if given.readme:
                README_PICTURE.parent.mkdir(parents=True, exist_ok=True)
                tour.member_half_way(house, browser, README_PICTURE)
                print(README_PICTURE)
                return
            given.folder.mkdir(parents=True, exist_ok=True)
            camera = Camera(given.folder)
            try:
                tour.whole_story(house, browser, camera, url)
            except BaseException:
                print(house.log_end())
                raise
            print(f"{len(camera.taken)} pages: {camera.write_index()}")


if __name__ == "__main__":
    main()
