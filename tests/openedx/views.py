"""The pages of an LMS around the package, and what a test asks of it: all JSON but the block's own two views."""

import json
import uuid
from collections import deque

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.contrib.auth import get_user_model, login
from django.http import HttpResponse, JsonResponse
from lti_consumer.models import CourseAllowPIISharingInLTIFlag, Lti1p3Passport
from opaque_keys.edx.keys import CourseKey, UsageKey

from tests.openedx.blocks import GRADEBOOK, block_at, store
from tests.openedx.models import CourseRole, ExternalId, UserProfile

CALLS: deque[dict[str, object]] = deque(maxlen=2000)
"""Calls of tools to services: method, path, status, and the body of a call that writes."""


def record(get_response):
    """Remember every call to a service."""

    def middleware(request):
        body = request.body.decode("utf-8", "replace") if "/lti-ags" in request.path else ""
        answer = get_response(request)
        if "/api/lti_consumer/v1/lti/" in request.path:
            CALLS.append(
                {
                    "method": request.method,
                    "path": request.path,
                    "status": answer.status_code,
                    "body": json.loads(body) if body else None,
                }
            )
        return answer

    return middleware


def make_course(request):
    """{key, members: [{username, name, email, role}], shares_names} → {}."""
    asked = json.loads(request.body)
    key = CourseKey.from_string(asked["key"])
    for member in asked["members"]:
        user, is_new = get_user_model().objects.get_or_create(
            username=member["username"], defaults={"email": member["email"]}
        )
        if is_new:
            UserProfile.objects.create(user=user, name=member["name"])
        CourseRole.objects.create(user=user, course=str(key), role=member["role"])
    CourseAllowPIISharingInLTIFlag.objects.create(course_id=key, enabled=asked["shares_names"])
    return JsonResponse({})


def make_block(request):
    """{course, name, fields} → {usage}: a block with a passport (client id and key) of its own."""
    asked = json.loads(request.body)
    usage = CourseKey.from_string(asked["course"]).make_usage_key("lti_consumer", uuid.uuid4().hex)
    # made here, since the package's own way of making keys takes half a second for each
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    passport = Lti1p3Passport.objects.create(
        lti_1p3_internal_private_key=key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        ).decode(),
        lti_1p3_internal_private_key_id=str(uuid.uuid4()),
    )
    fields = {"display_name": asked["name"], "lti_1p3_passport_id": str(passport.passport_id), **asked["fields"]}
    store(usage, fields)
    return JsonResponse({"usage": str(usage)})


def change_block(request, usage_id):
    """{field: value} → {}: an author changes the block's settings."""
    store(UsageKey.from_string(usage_id), json.loads(request.body))
    return JsonResponse({})


def studio(request, usage_id):
    """What an author sees: what to register with the tool, and where to choose content."""
    block = block_at(UsageKey.from_string(usage_id))
    return HttpResponse(block.runtime.render(block, "author_view", {}).content)


def unit(request, usage_id):
    """What a learner sees: a frame whose address is in the page."""
    block = block_at(UsageKey.from_string(usage_id))
    return HttpResponse(block.runtime.render(block, "student_view", {}).content)


def sign_in(request, username):
    """Sign this browser in."""
    user = get_user_model().objects.get(username=username)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    return JsonResponse({"username": username})


def gradebook(request, usage_id):
    """{username: [{value, max_value}]}: every grade that was published for a block, the latest last."""
    return JsonResponse({user: grades for (usage, user), grades in GRADEBOOK.items() if usage == usage_id})


def person(request, username):
    """The id by which tools know somebody."""
    found = ExternalId.objects.get_or_create(user=get_user_model().objects.get(username=username))[0]
    return JsonResponse({"external_user_id": str(found.external_user_id)})


def calls(request):
    """Every call to a service, the oldest first."""
    return JsonResponse({"calls": list(CALLS)})
