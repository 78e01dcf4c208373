"""What happens to orders, for the apps above that follow it. Orders do not know who listens."""

from django.dispatch import Signal

order_saved = Signal()
"""An order was placed or changed. Sent within the transaction, with `order` as it is then, `changed` (its columns'
names; empty when it was placed) and `about` (the fulfilments, refunds, returns or passes that the change was about)."""
