"""Below /s/<slug>/."""

from django.urls import path

from storefront import signing_in, wallet
from storefront.views import Checkout, Shop

urlpatterns = [
    path("", Shop.as_view(), name="shop"),
    path("checkout", Checkout.as_view(), name="checkout"),
    path("sign-in", signing_in.AskForLink.as_view(), name="sign-in"),
    path("sign-in/<str:token>", signing_in.UseLink.as_view(), name="sign-in-link"),
    path("sign-out", signing_in.SignOut.as_view(), name="sign-out"),
    path("me", wallet.MyWallet.as_view(), name="my-wallet"),
    path("me/card", wallet.MyCard.as_view(), name="my-card"),
    path("orders/<uuid:order_id>", wallet.OrderPage.as_view(), name="my-order"),
    path("orders/<uuid:order_id>/order", wallet.OrderFile.as_view(), name="my-order-file"),
    path("orders/<uuid:order_id>/passes", wallet.OrderPasses.as_view(), name="my-order-passes"),
    path("orders/<uuid:order_id>/apple-pay", wallet.OrderDetails.as_view(), name="my-order-details"),
    path("passes/<uuid:pass_id>", wallet.PassPage.as_view(), name="my-pass"),
    path("passes/<uuid:pass_id>/file", wallet.PassFile.as_view(), name="my-pass-file"),
]
