"""What happens in a shop, for the apps above that have to follow it."""

from django.dispatch import Signal

points_changed = Signal()
"""Points of members of one brand moved. Sent within the transaction, with `members`, a list, as they are then."""

member_leaves = Signal()
"""A person is to be forgotten who is nothing to the brand but this member. Sent within the transaction, with `member`;
whoever keeps something about members forgets it."""
