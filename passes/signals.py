"""What happens to passes, for the apps above that are built on them. Passes do not know who listens."""

from django.dispatch import Signal

passes_locking = Signal()
"""Passes will be locked by a verb of their own. Sent within the transaction, with `brand` and the passes' `keys`: whose
verbs lock rows of their own before passes locks them now, so that no two ever wait for each other."""

passes_changed = Signal()
"""A verb of their own changed passes: redeemed, blocked, unblocked, expired. Sent likewise, with the `passes` too. Not
sent for what orders do to their passes."""
