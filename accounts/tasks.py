"""What beat asks of accounts."""

from celery import shared_task

from accounts import inviting, sign_in


@shared_task
def send_links() -> int:
    """Mail the links that are due; returns how many the mail server took."""
    return inviting.send_due()


@shared_task
def forget_tries() -> int:
    """Delete the counts of failed sign-ins that are over; returns how many."""
    return sign_in.forget_old()
