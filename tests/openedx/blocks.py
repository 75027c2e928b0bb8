"""Blocks of the real LtiConsumerXBlock: a runtime with the services of an LMS, and what they store."""

from types import SimpleNamespace

from crum import get_current_user
from django.contrib.auth import get_user_model
from lti_consumer.lti_xblock import LtiConsumerXBlock
from lti_consumer.models import CourseAllowPIISharingInLTIFlag
from opaque_keys.edx.keys import UsageKey
from xblock.core import XBlockMixin
from xblock.fields import ScopeIds
from xblock.reference.user_service import UserService, XBlockUser
from xblock.runtime import DictKeyValueStore, IdGenerator, IdReader, KvsFieldData, Runtime

from tests.openedx.models import CourseRole, ExternalId

STORE = DictKeyValueStore()
GRADEBOOK: dict[tuple[str, str], list[dict[str, float]]] = {}
"""(usage id, username) → grades that were published, the latest last."""


class LmsFields(XBlockMixin):
    """What blocks inherit from the course around them: here there are no dates."""

    start = due = graceperiod = None
    graded = True


class Usages(IdReader, IdGenerator):
    """A usage key says its own type; nothing here is made by an XML tree."""

    def get_block_type(self, def_id):
        """The block type."""
        return UsageKey.from_string(def_id).block_type

    def get_definition_id(self, usage_id):
        """Each usage is its own definition."""
        return str(usage_id)

    def _unused(self, *_args):
        raise NotImplementedError  # the interface asks for it; no block here has asides or is created by id

    get_usage_id_from_aside = get_definition_id_from_aside = _unused
    get_aside_type_from_usage = get_aside_type_from_definition = _unused
    create_aside = create_usage = create_definition = _unused


class People(UserService):
    """Who is at the screen."""

    def __init__(self, user, usage):
        super().__init__()
        self._user, self._usage = user, usage

    def get_current_user(self):
        """The user with their role in the block's course, as edx-platform describes them."""
        user = self._user
        if user is None or not user.is_authenticated:
            return XBlockUser(is_current_user=True)
        role = CourseRole.objects.filter(user=user, course=str(self._usage.context_key)).first()
        found = XBlockUser(is_current_user=True, full_name=user.profile.name, emails=[user.email])
        found.opt_attrs.update(
            {
                "edx-platform.is_authenticated": True,
                "edx-platform.user_id": user.id,
                "edx-platform.username": user.username,
                "edx-platform.user_is_staff": user.is_staff,
                "edx-platform.user_role": role.role if role else "guest",
                "edx-platform.user_preferences": {},
            }
        )
        return found

    def get_external_user_id(self, _kind):
        """The id that tools are told."""
        return str(ExternalId.objects.get_or_create(user=self._user)[0].external_user_id)


class Rebinding:
    """A grade comes from a tool, with nobody at the screen: the block is given to whom it is for."""

    def rebind_noauth_module_to_user(self, block, user):
        """Bind the block to a user."""
        block.scope_ids = block.scope_ids._replace(user_id=user.id)


class LmsRuntime(Runtime):
    """A runtime with the services of an LMS."""

    def __init__(self, user, usage):
        usages = Usages()
        services = {
            "field-data": KvsFieldData(STORE),
            "user": People(user, usage),
            "rebind_user": Rebinding(),
            "lti-configuration": SimpleNamespace(configuration=CourseAllowPIISharingInLTIFlag),
        }
        super().__init__(usages, usages, services=services, mixins=(LmsFields,))
        self.user_id = user.id if user is not None and user.is_authenticated else None

    def publish(self, block, event_type, event_data):
        """The gradebook: what a block publishes of whom it is bound to."""
        if event_type == "grade":
            user = get_user_model().objects.get(id=block.scope_ids.user_id)
            place = (str(block.scope_ids.usage_id), user.username)
            GRADEBOOK.setdefault(place, []).append({"value": event_data["value"], "max_value": event_data["max_value"]})

    def handler_url(self, block, handler_name, suffix="", query="", thirdparty=False):
        """Handlers of LTI 1.1, which nobody calls here."""
        return f"/handlers/{block.scope_ids.usage_id}/{handler_name}"

    def resource_url(self, resource):
        """Scripts and styles, which nobody asks for."""
        return f"/resources/{resource}"

    def local_resource_url(self, block, uri):
        """As `resource_url`."""
        return self.resource_url(uri)


def block_at(usage: UsageKey, user=None) -> LtiConsumerXBlock:
    """The block, bound to the user at the screen unless another one is named."""
    runtime = LmsRuntime(user or get_current_user(), usage)
    ids = ScopeIds(runtime.user_id, usage.block_type, str(usage), usage)
    return runtime.construct_xblock_from_class(LtiConsumerXBlock, ids)


def store(usage: UsageKey, fields: dict[str, object]) -> None:
    """Write settings of a block, as its author does in Studio."""
    block = block_at(usage)
    data = block.runtime.service(block, "field-data")
    for name, value in fields.items():
        data.set(block, name, value)
