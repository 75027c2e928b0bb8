"""What the package looks for in an LMS's database."""

import uuid

from django.conf import settings
from django.db import models


class UserProfile(models.Model):
    """Somebody's name; rosters are read with their `profile` at hand."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="profile")
    name = models.CharField(max_length=255)


class ExternalId(models.Model):
    """The id by which tools know somebody: the same for every tool of the LMS."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE)
    external_user_id = models.UUIDField(default=uuid.uuid4, unique=True)


class CourseRole(models.Model):
    """What somebody is in a course: "student", "staff" or "instructor"."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    course = models.CharField(max_length=255)
    role = models.CharField(max_length=40)
