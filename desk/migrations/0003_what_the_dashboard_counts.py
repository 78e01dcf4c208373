from django.db import migrations

# What the dashboard and the list's filters ask of large tables. They stand here, and not with the models, because only
# the desk asks so; they are made beside running work.
INDEXES = {
    "desk_order_by_day": "orders_order (brand_id, created_at)",
    "desk_order_by_total": "orders_order (brand_id, total)",
    "desk_order_refunded": "orders_order (brand_id, number) WHERE refunded > 0 OR points_refunded > 0",
    "desk_pass_redeemed": "passes_pass (brand_id, redeemed_at) WHERE redeemed_at IS NOT NULL",
    "desk_refund_in_trouble": "orders_refund (brand_id, created_at) WHERE status <> 'completed'",
    "desk_return_waiting": "orders_return (brand_id) WHERE status NOT IN ('completed', 'cancelled')",
    "desk_log_of_object": "django_admin_log (content_type_id, object_id)",
    "desk_mail_given_up": "orders_ordermail (brand_id) WHERE state = 'failed'",
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("desk", "0002_laws"),
        ("orders", "0009_mails"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("passes", "0003_redeem_and_block"),
    ]

    operations = [
        migrations.RunSQL(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {what}",
            f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        )
        for name, what in INDEXES.items()
    ]
