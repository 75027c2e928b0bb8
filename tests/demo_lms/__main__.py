"""`python -m tests.demo_lms`: the LMS of the demonstration."""

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

from tests.demo_lms import state_file
from tests.demo_lms.app import create_lms, world_of
from tests.demo_lms.config import Config
from tests.demo_lms.launching import register_tool
from tests.demo_lms.profiles import Profile, fields
from tests.demo_lms.serving import server_at
from tests.demo_lms.world import World


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.demo_lms", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001, help="0 takes a free one")
    parser.add_argument("--issuer", help="public address, if it is not http://HOST:PORT")
    parser.add_argument("--tool", metavar="URL", help="a tool's registration address, offered on the page for tools")
    parser.add_argument("--register", action="store_true", help="register the tool of --tool at once and activate it")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep registrations, links and grades in this file")
    parser.add_argument("--profile", choices=list(Profile), default=Profile.STRICT, help="behave as this LMS does")
    parser.add_argument("--family", help="product_family_code to say")
    parser.add_argument("--storage", metavar="TARGET", help='offer platform storage at "_parent" or a frame name')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    given = arguments(argv)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs behind it with Ctrl-C ignored
    server = server_at(given.host, given.port)
    wishes = {"storage_target": given.storage} if given.storage else {}
    said = {"product_family_code": given.family} if given.family else {}
    config = Config(
        **{
            **fields(given.profile, **wishes),
            **said,
            "issuer": given.issuer or f"http://{given.host}:{server.port}",
            "state_file": given.state,
            "tool_registration_url": given.tool,
        }
    )
    app = create_lms(config)
    server.app = app
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    if given.tool and given.register:
        register_once(world_of(app), given.tool)
    print(f"{config.name}: {config.issuer}", flush=True)
    try:
        thread.join()
    except KeyboardInterrupt:
        server.shutdown()
    finally:
        server.server_close()


def register_once(world: World, address: str) -> None:
    """Register the tool and activate it, unless the state file already holds an active one."""
    if not any(tool.active for tool in world.tools.values()):
        tool = register_tool(world, address)
        world.change_tool(tool.client_id, active=True)
        if world.config.state_file is not None:
            state_file.save(world, world.config.state_file)


if __name__ == "__main__":
    main()
