"""The table of contents of every URL."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from orders.pages import SandboxPayment
from shops.views import ShopList
from walletapp import health, metrics

urlpatterns = [
    # The API for partners
    path("shops", ShopList.as_view(), name="shops"),
    path("shops/<str:brand_id>/orders", include("orders.urls")),
    path("openapi.json", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    # Pages
    path("pay/sandbox/<uuid:payment_id>", SandboxPayment.as_view(), name="sandbox-payment"),
    path("admin/", admin.site.urls),
    # For operators
    path("live", health.live, name="live"),
    path("ready", health.ready, name="ready"),
    path("metrics", metrics.page, name="metrics"),
]

handler400 = "walletapp.exceptions.bad_request"
handler403 = "walletapp.exceptions.forbidden"
handler404 = "walletapp.exceptions.not_found"
handler500 = "walletapp.exceptions.server_error"
