"""The admin's pages pass Django's own checks, which run only for pages that are loaded."""

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.checks import check_admin_app

from orders.models import Order


def test_every_admin_passes_djangos_checks():
    assert admin.site.is_registered(Order)
    assert check_admin_app(apps.get_app_configs()) == []
