"""The wallet API: OAuth, a buyer's wallet, and the orders that partners tell us of. Pages: buyers/page_urls.py."""

from django.urls import path

from buyers import oauth_views, order_views, wallet_views

wallet = [
    path("", wallet_views.Wallet.as_view(), name="wallet"),
    path("/orders", wallet_views.Confirmation.as_view(), name="wallet-orders"),
    path("/orders/<path:order_id>", order_views.OrderUpdate.as_view(), name="wallet-order"),
]
urlpatterns = [
    path("oauth/token", oauth_views.TokenView.as_view(), name="oauth-token"),
    path("oauth/revoke", oauth_views.RevokeView.as_view(), name="oauth-revoke"),
    path("oauth/introspect", oauth_views.IntrospectView.as_view(), name="oauth-introspect"),
    path(".well-known/oauth-authorization-server", oauth_views.metadata, name="oauth-metadata"),
]
