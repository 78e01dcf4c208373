"""What the admin's tests share."""

import re

from django.test import Client
from django.urls import reverse

from jobs.running import run_due
from orders import services
from shops.services import earn_points


class Admin:
    """Somebody's browser in the admin."""

    def __init__(self, user):
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    def get(self, name, /, *args, **query):
        return self.client.get(reverse(f"admin:{name}", args=args), query)

    def post(self, name, /, *args, **data):
        return self.client.post(reverse(f"admin:{name}", args=args), data)

    def act(self, name, action, /, *rows, **data):
        """Run an action of the list `name` on rows, by keys that one may type by hand."""
        keys = [row.pk for row in rows]
        return self.post(f"{name}_changelist", action=action, index="0", _selected_action=keys, **data)


def act_at_once(admin, step, /, *orders, **data):
    """Take a step with orders from the list, confirm the question, and do the jobs."""
    answer = admin.act("orders_order", step, *orders, **data)
    if answer.status_code == 302 and "/jobs/job/orders/" in answer["Location"]:
        page = admin.client.get(answer["Location"])
        if page.status_code == 200:
            admin.post("jobs_job_steps", **hidden_fields(page))
    run_due()


def text_of(answer):
    """What a page says."""
    assert answer.status_code == 200
    return answer.content.decode()


def hidden_fields(answer):
    """What the forms of a page send without anybody typing it."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text_of(answer)))


def said(answer):
    """The messages that an answer leaves for the next page."""
    return [str(message) for message in answer.wsgi_request._messages]


def member_of(brand, email="anna@example.com", points=1000):
    member = brand.members.create(email=email, name=email.partition("@")[0])
    earn_points(member, points, reference="welcome")
    return member


def order_of(member, coupon=None, *, points=0):
    brand = member.brand
    coupon = coupon or brand.coupons.get_or_create(title=f"Coffee of {brand.name}", defaults={"points": 300})[0]
    return services.place_order(member, [(coupon, 1)], points=points)


def sign_in(page, live_server, admin):
    """Sign in by the form, in a real browser."""
    page.goto(f"{live_server.url}/admin/")
    page.fill("[name=username]", admin.user.email)
    page.fill("[name=password]", "secret")
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{live_server.url}/admin/")
