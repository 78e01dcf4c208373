"""The Celery app and its beat schedule.

Tasks are hints: the rows in PostgreSQL are the truth, so a lost, late or repeated message does no harm.
"""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging
from django.conf import settings
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "walletapp.settings")

app = Celery("walletapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)  # carries the request id from the web process into the worker

# Nothing here expires: Celery would judge that by the worker's clock, and one that runs ahead would drop everything.
app.conf.beat_schedule = {
    "send due webhooks": {"task": "webhooks.tasks.drain", "schedule": 2.0},
    "warn of failing webhooks": {"task": "webhooks.tasks.warn_of_failing", "schedule": 3600.0},
    "forget delivered webhooks": {"task": "webhooks.tasks.forget_delivered", "schedule": 3600.0},
    "look at payments": {"task": "orders.tasks.look_at_payments", "schedule": 5.0},
    "look for lost webhooks of payments": {"task": "orders.tasks.look_for_lost_webhooks", "schedule": 3600.0},
    "ask payment providers for refunds": {"task": "orders.tasks.ask_providers", "schedule": 5.0},
    "send due pushes": {"task": "applewallet.tasks.push_due", "schedule": 2.0},
    "render passes anew": {"task": "passes.tasks.render_passes", "schedule": 10.0},
    "render orders anew": {"task": "orders.tasks.render_orders", "schedule": 10.0},
    "forget old pushes": {"task": "applewallet.tasks.forget_pushes", "schedule": 3600.0},
    "forget old lines of the device log": {"task": "applewallet.tasks.forget_device_log", "schedule": 3600.0},
    "warn of certificates that expire": {"task": "applewallet.tasks.warn_of_expiry", "schedule": 3600.0},
    "mail paid orders": {"task": "orders.tasks.send_mails", "schedule": 5.0},
    "prove points": {"task": "desk.tasks.prove_points", "schedule": crontab(hour=2, minute=30)},
    "expire unpaid orders": {"task": "orders.tasks.expire_unpaid", "schedule": 30.0},
    "run jobs": {"task": "jobs.tasks.run_due", "schedule": 5.0},
    "forget files of jobs": {"task": "jobs.tasks.forget_files", "schedule": 3600.0},
    "mail buyers": {"task": "buyers.tasks.send_mails", "schedule": 5.0},
    "send links to staff": {"task": "accounts.tasks.send_links", "schedule": 5.0},
    "forget failed sign-ins": {"task": "accounts.tasks.forget_tries", "schedule": 3600.0},
    "give partners' orders their brand": {"task": "buyers.tasks.map_waiting_orders", "schedule": 60.0},
    "expire passes": {"task": "passes.tasks.expire_passes", "schedule": 300.0},
    "forget tokens and calls of the buyer wallet": {"task": "buyers.tasks.forget_tokens", "schedule": 3600.0},
    "forget old idempotency keys": {"task": "orders.tasks.forget_idempotency_keys", "schedule": 3600.0},
}


@setup_logging.connect
def use_django_logging(**_kwargs: object) -> None:
    """Keep Celery from replacing the logging that settings.py configured."""
    import logging.config  # noqa: PLC0415 -- slow import that only the worker needs

    logging.config.dictConfig(settings.LOGGING)
