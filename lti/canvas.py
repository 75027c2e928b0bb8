"""Canvas's own description of a tool, for administrators who make a developer key by hand: they paste the address
of this document ("Enter URL") instead of ten fields (vendor's pages on configuring LTI Advantage tools)."""

from typing import Any
from urllib.parse import urlsplit

from lti import quirks
from lti.claims import SCOPE_GROUPS
from lti.messages import DEEP_LINKING_REQUEST
from lti.registration import SCOPES, ToolDescription, custom_parameters


def configuration(tool: ToolDescription) -> dict[str, Any]:
    """The document, as JSON members."""
    placements = quirks.of("canvas").content_placements
    return {
        "title": tool.name,
        "description": tool.description,
        "oidc_initiation_url": tool.login_url,
        "target_link_uri": tool.target_url,
        "redirect_uris": [tool.launch_url],
        "public_jwk_url": tool.key_set_url,
        # Canvas has no such service, and refuses a description that asks for a scope it does not know (read)
        "scopes": [scope for scope in SCOPES if scope != SCOPE_GROUPS],
        "custom_fields": custom_parameters(tool, "canvas"),
        "extensions": [
            {
                "platform": "canvas.instructure.com",
                "domain": urlsplit(tool.target_url).netloc,
                "tool_id": tool.name.lower(),
                "privacy_level": "public",
                "settings": {
                    "text": tool.name,
                    "icon_url": tool.logo_url,
                    "placements": [
                        {
                            "placement": placement,
                            "message_type": DEEP_LINKING_REQUEST,
                            "target_link_uri": tool.deep_linking_url,
                            "text": tool.name,
                        }
                        for placement in placements
                    ],
                },
            }
        ],
    }
