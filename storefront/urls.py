"""Below /s/<slug>/."""

from django.urls import path

from storefront.views import Checkout, Shop

urlpatterns = [
    path("", Shop.as_view(), name="shop"),
    path("checkout", Checkout.as_view(), name="checkout"),
]
