"""A bare page behind the product's middleware: a session is read, its user is looked up, and a line is answered."""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

django.setup()
settings.ROOT_URLCONF = __name__  # instead of the product's pages


def bare(request: HttpRequest) -> HttpResponse:
    """Say who is looking."""
    return HttpResponse(f"<!doctype html><title>Bare</title><p>{request.user.pk}")


urlpatterns = [path("bare", bare)]
application = get_wsgi_application()
