"""Where the services of this LMS live; written into claims and answers."""

from urllib.parse import urlencode, urlsplit

from tests.demo_lms.config import Config
from tests.demo_lms.model import LineItem
from tests.demo_lms.world import World

CONFIGURATION = "/.well-known/openid-configuration"
KEY_SET = "/lti/jwks"
AUTHORIZATION = "/lti/auth"
TOKEN = "/lti/token"
REGISTRATION = "/lti/registrations"
DEEP_LINKING_RETURN = "/lti/deep-linking/"


def line_items(world: World, context_id: str, client_id: str) -> str:
    """The container of one tool's columns in one context."""
    return world.config.url(f"/api/ags/{context_id}/lineitems") + query(world.config, client_id)


def line_item(world: World, item: LineItem, part: str = "") -> str:
    """A column; `part` is "", "/scores" or "/results" and stands before the query."""
    path = f"/api/ags/{item.context_id}/lineitems/{item.id}{part}"
    return world.config.url(path) + query(world.config, item.client_id)


def result(world: World, item: LineItem, person_id: str) -> str:
    path = f"/api/ags/{item.context_id}/lineitems/{item.id}/results/{person_id}"
    return world.config.url(path) + query(world.config, item.client_id)


def memberships(world: World, context_id: str) -> str:
    return world.config.url(f"/api/nrps/{context_id}/memberships")


def groups(world: World, context_id: str) -> str:
    return world.config.url(f"/api/groups/{context_id}/groups")


def notice_handlers(world: World, deployment_id: str) -> str:
    return world.config.url(f"/api/notices/{deployment_id}/handlers")


def registration_page(world: World, tool_url: str, token: str) -> str:
    """The tool's registration page, told where the configuration is and given leave to register once."""
    told = {"openid_configuration": world.config.url(CONFIGURATION), "registration_token": token}
    return tool_url + ("&" if urlsplit(tool_url).query else "?") + urlencode(told)


def query(config: Config, client_id: str) -> str:
    """The query that Moodle's addresses end in, by habit; without it the address is refused."""
    return f"?type_id={client_id}" if config.habits.line_item_query else ""
