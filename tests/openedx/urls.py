"""Addresses: the package's own below /api, and the few pages of an LMS around it."""

from django.urls import include, path

from tests.openedx import views

urlpatterns = [
    path("api/", include("lti_consumer.plugin.urls", namespace="lti_consumer")),
    path("courses", views.make_course),
    path("blocks", views.make_block),
    path("blocks/<str:usage_id>/change", views.change_block),
    path("blocks/<str:usage_id>/studio", views.studio),
    path("blocks/<str:usage_id>", views.unit),
    path("sign-in/<str:username>", views.sign_in),
    path("gradebook/<str:usage_id>", views.gradebook),
    path("people/<str:username>", views.person),
    path("calls", views.calls),
]
