"""Parts stay within their order's brand; what holds an item, holds it alone; what was refunded is never forgotten."""

from django.db import migrations

from shops.constraints import follows, refuse, same_brand


class Migration(migrations.Migration):
    """See shops/constraints.py."""

    dependencies = [("orders", "0007_returns")]

    operations = [
        same_brand("orders_fulfillment", "order_id", "orders_order"),
        same_brand("orders_fulfillmentitem", "fulfillment_id", "orders_fulfillment"),
        same_brand("orders_fulfillmentitem", "item_id", "orders_orderitem"),
        follows("orders_fulfillmentitem", "fulfillment_id", "orders_fulfillment", "holds"),
        same_brand("orders_refund", "order_id", "orders_order"),
        same_brand("orders_refunditem", "refund_id", "orders_refund"),
        same_brand("orders_refunditem", "item_id", "orders_orderitem"),
        follows("orders_refunditem", "refund_id", "orders_refund", "holds"),
        same_brand("orders_return", "order_id", "orders_order"),
        same_brand("orders_return", "refund_id", "orders_refund"),
        same_brand("orders_returnitem", "of_return_id", "orders_return"),
        same_brand("orders_returnitem", "item_id", "orders_orderitem"),
        follows("orders_returnitem", "of_return_id", "orders_return", "holds"),
        refuse("orders_refund", "DELETE", "a refund is never deleted"),
    ]
