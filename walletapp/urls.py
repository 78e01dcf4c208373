"""The table of contents of every URL."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.static import serve
from drf_spectacular.views import SpectacularJSONAPIView

from buyers.urls import wallet
from orders.mollie_pages import MolliePayment, MollieWebhook
from orders.pages import SandboxPayment
from passes.views import PassInspection
from shops.views import ShopList
from walletapp import health, metrics, schema
from walletapp.csp import with_admin_policy

admin.autodiscover()  # here and not at start, since workers have no pages: 20 MB of each of them

urlpatterns = [
    # The wallet of a buyer, first because Django tries one after the other and this is asked for most
    path("pay/wallet", include(wallet)),
    # The API for partners
    path("shops", ShopList.as_view(), name="shops"),
    path("shops/<str:brand_id>/orders", include("orders.urls")),
    path("shops/<str:brand_id>/passes", include("passes.urls")),
    path("shops/<str:brand_id>/webhooks", include("webhooks.urls")),
    path("passes", PassInspection.as_view({"get": "inspect"}), name="passes"),
    path("search/pass", PassInspection.as_view({"get": "search"}), name="search-pass"),
    path("openapi.json", SpectacularJSONAPIView.as_view(), name="schema"),
    path("docs/", schema.docs, name="docs"),
    # The API for partners of buyers: OAuth
    path("", include("buyers.urls")),
    # For phones: Apple Wallet
    path("w/", include("applewallet.urls")),
    # For payment providers
    path("payments/mollie/<uuid:payment_id>", MollieWebhook.as_view(), name="mollie-webhook"),
    # Pages
    path("s/<slug:slug>/", include("storefront.urls")),
    path("pay/sandbox/<uuid:payment_id>", SandboxPayment.as_view(), name="sandbox-payment"),
    path("pay/mollie/<uuid:payment_id>", MolliePayment.as_view(), name="mollie-payment"),
    path("", include("buyers.page_urls")),
    path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}, name="media"),  # local storage only
    path("admin/sign-in/", include("accounts.urls")),
    path("admin/", with_admin_policy(admin.site.urls)),
    # For operators
    path("live", health.live, name="live"),
    path("ready", health.ready, name="ready"),
    path("metrics", metrics.page, name="metrics"),
]

handler400 = "walletapp.exceptions.bad_request"
handler403 = "walletapp.exceptions.forbidden"
handler404 = "walletapp.exceptions.not_found"
handler500 = "walletapp.exceptions.server_error"
