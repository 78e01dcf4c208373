"""The project as an app: holds the commands that touch every app."""

from django.apps import AppConfig


class WalletAppConfig(AppConfig):
    """Gives walletapp/management/commands a home."""

    name = "walletapp"
