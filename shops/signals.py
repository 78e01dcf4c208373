"""What happens in a shop, for the apps above that have to follow it."""

from django.dispatch import Signal

points_changed = Signal()
"""A member's points moved. Sent within the transaction, with `member` as it is then."""
