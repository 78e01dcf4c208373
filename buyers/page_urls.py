"""The buyers' pages."""

from django.urls import path
from django.views.i18n import set_language

from buyers.pages import account, connections, consent, orders, signing_in, tracking, wallet

urlpatterns = [
    path("pay/authorize", consent.Authorize.as_view(), name="authorize"),
    path("pay/sign-in", signing_in.SignIn.as_view(), name="buyer-sign-in"),
    path("pay/sign-in/<str:token>", signing_in.UseLink.as_view(), name="buyer-sign-in-link"),
    path("pay/sign-out", signing_in.SignOut.as_view(), name="buyer-sign-out"),
    path("pay/language", set_language, name="buyer-language"),
    path("wallet", wallet.Wallet.as_view(), name="buyer-wallet"),
    path("wallet/cards/<uuid:uuid>/remove", wallet.RemoveCard.as_view(), name="buyer-remove-card"),
    path("wallet/addresses/<uuid:uuid>", wallet.ChangeAddress.as_view(), name="buyer-change-address"),
    path("wallet/addresses/<uuid:uuid>/remove", wallet.RemoveAddress.as_view(), name="buyer-remove-address"),
    path("wallet/connections", connections.Connections.as_view(), name="buyer-connections"),
    path("wallet/connections/<int:pk>", connections.Change.as_view(), name="buyer-change"),
    path("wallet/connections/<int:pk>/disconnect", connections.Disconnect.as_view(), name="buyer-disconnect"),
    path("wallet/account", account.Account.as_view(), name="buyer-account"),
    path("wallet/account/password", account.Password.as_view(), name="buyer-password"),
    path("wallet/account/export", account.Export.as_view(), name="buyer-export"),
    path("wallet/account/close", account.Close.as_view(), name="buyer-close"),
    path("wallet/orders", orders.Orders.as_view(), name="buyer-orders"),
    path("po/<str:track_id>", tracking.Track.as_view(), name="buyer-order"),
    path("po/<str:track_id>/order", tracking.OrderFile.as_view(), name="buyer-order-file"),
]
