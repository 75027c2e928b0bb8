"""What a member sees and does: home, activities, writing, the record of it, and who they are.

One blueprint, `member`; each module adds its routes. A page about an enrolment goes through `blueprint.own`.
"""

from plugin.web.member import activities, grants, home, profile, records, writing
from plugin.web.member.blueprint import member

__all__ = ["activities", "grants", "home", "member", "profile", "records", "writing"]
