"""Below /admin/sign-in/: what stands before the admin. With the admin's policy, which Unfold's pages need."""

from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.urls import path

from accounts import factor_pages, pages

wide: Any = csp_update(settings.ADMIN_CONTENT_SECURITY_POLICY)

urlpatterns = [
    path("code/", wide(pages.second_step), name="second-step"),
    path("second-factor/", wide(factor_pages.own_factor), name="second-factor"),
    path("forgot/", wide(pages.forgot), name="admin_password_reset"),  # Unfold's page links to this name
    path("password/<str:uid>/<str:token>/", wide(pages.choose_password), name="choose-password"),
]
