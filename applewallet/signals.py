"""What happens on phones, for the apps above that know what it means."""

from django.dispatch import Signal

signed_up = Signal()
"""Somebody filled in a pass's sign-up form. Sent within the transaction, with `package` and `answers`."""
