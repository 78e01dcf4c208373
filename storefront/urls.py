"""Below /s/<slug>/."""

from django.urls import path

from storefront import signing_in, wallet
from storefront.buying import AddToCart, CartPage, Checkout
from storefront.pages import BrandColors
from storefront.quick import Quick
from storefront.views import CouponPage, Shop

urlpatterns = [
    path("", Shop.as_view(), name="shop"),
    path("colors.css", BrandColors.as_view(), name="brand-colors"),
    path("coupons/<uuid:coupon_id>", CouponPage.as_view(), name="coupon"),
    path("coupons/<uuid:coupon_id>/add", AddToCart.as_view(), name="add-to-cart"),
    path("cart", CartPage.as_view(), name="cart"),
    path("checkout", Checkout.as_view(), name="checkout"),
    path("quick/<uuid:coupon_id>", Quick.as_view(), name="quick"),
    path("sign-in", signing_in.AskForLink.as_view(), name="sign-in"),
    path("sign-in/<str:token>", signing_in.UseLink.as_view(), name="sign-in-link"),
    path("sign-out", signing_in.SignOut.as_view(), name="sign-out"),
    path("me", wallet.MyWallet.as_view(), name="my-wallet"),
    path("me/orders", wallet.MyOrders.as_view(), name="my-orders"),
    path("me/points", wallet.MyPoints.as_view(), name="my-points"),
    path("me/card", wallet.MyCard.as_view(), name="my-card"),
    path("orders/<uuid:order_id>", wallet.OrderPage.as_view(), name="my-order"),
    path("orders/<uuid:order_id>/order", wallet.OrderFile.as_view(), name="my-order-file"),
    path("orders/<uuid:order_id>/passes", wallet.OrderPasses.as_view(), name="my-order-passes"),
    path("orders/<uuid:order_id>/apple-pay", wallet.OrderDetails.as_view(), name="my-order-details"),
    path("passes/<uuid:pass_id>", wallet.PassPage.as_view(), name="my-pass"),
    path("passes/<uuid:pass_id>/file", wallet.PassFile.as_view(), name="my-pass-file"),
]
