"""Placeholder until the OAuth part is in."""

from oauth2_provider.oauth2_validators import OAuth2Validator


class WalletValidator(OAuth2Validator):
    """To be written."""
