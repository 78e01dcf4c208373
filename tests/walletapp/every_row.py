"""Rows in every state that there is, with every kind of sentence that rows keep, in a brand whose language is Dutch.

Names and what people typed are such that no English shows in them.
"""

import uuid
from decimal import Decimal

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from applewallet.models import DeviceLog, Push, PushState
from applewallet.push_queue import LOST
from applewallet.services import register
from buyers.models import ClientRequest
from buyers.updates import update_order
from desk.models import PointsFault
from desk.notes import add_note, add_tag
from desk.proving import LABELS
from jobs.leases import NEVER_ENDED
from jobs.models import JobKind, JobState
from orders.fulfillments import add_fulfillment
from orders.models import OrderMail, OrderStatus, ProcessingStatus
from orders.paying import LATE
from orders.refunds import request_refund
from orders.returns import open_return
from orders.services import set_status
from passes.phones import pass_package
from passes.services import block, redeem
from shops.actors import ActorKind, acting_as
from shops.models import PointsReason
from shops.services import book_points, issue_token
from tests.applewallet.making import make_credential
from tests.buyers.keeping import make_address, make_card
from tests.buyers.making import connect, make_buyer, make_client
from tests.buyers.ordering import confirm, introduce, refund, sample
from tests.making import make_brand, make_coupon, make_endpoint, make_member, make_order, make_paid_order
from webhooks import exam_words, transport
from webhooks.exam_steps import STEPS
from webhooks.models import DeliveryState, Outcome
from webhooks.statements import GONE

NOWHERE = "http://127.0.0.1:9/"
NO_ANSWERS = (
    transport.AddressNotAllowed("The address is not on the public internet."),
    transport.requests.Timeout(),
    transport.requests.ConnectionError(),
)


LEASED = {"lease_until": timezone.now(), "lease_token": uuid.uuid4()}


class Everything:
    """A Dutch brand with its member, a buyer and all that may hang on them."""

    def __init__(self):
        self.brand = make_brand(language="nl")
        self.coupon = make_coupon(self.brand, stock=20, valid_days=30)
        self.member = make_member(self.brand, points=2000)
        self.owner = User.objects.create_superuser("eva@team.example", "secret", name="Eva")
        self.brand.staff.create(user=self.owner, role="owner")
        issue_token(self.brand, name="Kassa", abilities=["*"])
        self.endpoint = make_endpoint(self.brand, url=NOWHERE)[0]
        make_credential(self.brand)
        make_credential(self.brand, "order")
        self.orders = self.in_every_state()
        self.order = self.with_all_its_parts()
        self.webhooks()
        self.phones()
        self.jobs()
        self.points()
        self.wallet()

    def in_every_state(self):
        """An order of each status, and paid ones of each processing status."""
        options = {"member": self.member, "coupon": self.coupon}
        ended = [status for status in OrderStatus if status not in {OrderStatus.OPEN, OrderStatus.PAID}]
        orders = [make_order(self.brand, **options), *(make_order(self.brand, **options) for _status in ended)]
        for order, status in zip(orders[1:], ended, strict=True):
            set_status(order, status)
        for processing in ProcessingStatus:
            orders.append(make_paid_order(self.brand, **options))
            self.brand.orders.filter(pk=orders[-1].pk).update(processing_status=processing)
        for order in orders:
            text = "Mollie's answer is not JSON." if order.status == "open" else ""
            self.brand.payments.filter(order=order).update(last_error=text)
        return orders

    def with_all_its_parts(self):
        """A paid order with fulfilments, refunds, returns, notes, mails, and what the log of the admin says of it."""
        with acting_as(ActorKind.STAFF, "eva@team.example"):
            order = make_paid_order(self.brand, member=self.member, coupon=self.coupon, quantity=4)
            first, second, third, _fourth = order.items.order_by("pk")
            redeem(second.issued_pass, by="Kassa 2")
            block(third.issued_pass, reason="Gestolen")
            add_fulfillment(
                order, kind="shipping", passes=[first.issued_pass.qr_code], status="shipped", carrier="PostNL"
            )
            open_return(order, passes=[first.issued_pass.qr_code])
            for _time in range(3):
                request_refund(order, by=LATE, reason="Paid too late", amount=Decimal("0.50"), passes=[])
            add_note(order, "Gebeld", by="eva@team.example")
            add_tag(order, "vip")
        kept = {"last_error": "Mollie does not answer (ReadTimeout).", "provider_status": "pending"}
        self.brand.refunds.update(**kept)
        OrderMail.objects.filter(order=order).delete()
        OrderMail.objects.create(brand=self.brand, order=order, state="failed", attempts=7, last_error="SMTPException")
        self.history(
            order, "Payment provider asked: open.", "Mark as being processed", "Refund requested: 1, paid too late."
        )
        return order

    def history(self, row, *texts):
        """What an English colleague did."""
        kind = ContentType.objects.get_for_model(row)
        for text in texts:
            LogEntry.objects.create(
                user=self.owner, content_type=kind, object_id=str(row.pk), action_flag=2, change_message=text
            )

    def webhooks(self):
        """Deliveries in every state, calls with every end, endpoints that were switched off, an exam."""
        reasons = {"disabled_reason": GONE, "is_active": False, "disabled_at": timezone.now()}
        for reason in (GONE, "Five days of only failures."):
            make_endpoint(self.brand, url=f"{NOWHERE}{len(reason)}")
            self.brand.endpoints.filter(url=f"{NOWHERE}{len(reason)}").update(**reasons | {"disabled_reason": reason})
        told = list(self.brand.deliveries.filter(order_uuid=self.order.uuid)) + list(self.brand.deliveries.all())
        for delivery, state in zip(told, DeliveryState, strict=False):
            times = LEASED if state == "sending" else {} if state == "pending" else {"done_at": timezone.now()}
            self.brand.deliveries.filter(pk=delivery.pk).update(state=state, **times)
        facts = {"url": NOWHERE, "interval": 0, "duration_ms": 5}
        for number, outcome in enumerate(Outcome):
            self.brand.calls.create(
                delivery=told[0], attempt=number + 1, outcome=outcome, http_status_code=500, **facts
            )
        for number, error in enumerate(NO_ANSWERS):
            text = transport.in_words(error)
            self.brand.calls.create(delivery=told[0], attempt=number + 20, outcome="failed", response=text, **facts)
        self.exam()
        self.history(told[0], "Send again")
        self.history(self.endpoint, "Test call sent.", "2 deliveries sent again.", "Receiver exam held: failed.")

    def exam(self):
        """A report of an exam: of each kind of step a text, as it is kept."""
        sent = {"headers": {}, "body": "{}"}
        received = {"status": None, "body": "", "milliseconds": 1, "problem": transport.in_words(NO_ANSWERS[1])}
        steps = [
            {
                "name": step.name,
                "purpose": step.purpose,
                "expected": step.expected,
                "grade": "failed",
                "reason": exam_words.NOT_TAKEN % {"outcome": exam_words.GONE % {"status": 410}},
                "advice": step.cure,
                "exchanges": [{"sent": sent, "received": received}],
            }
            for step in STEPS
        ]
        times = {"started_at": timezone.now(), "finished_at": timezone.now()}
        self.brand.exam_reports.create(endpoint=self.endpoint, url=NOWHERE, grade="failed", steps=steps, **times)

    def phones(self):
        """A package on a phone; pushes in every state, refused by Apple or not answered; a device log."""
        package = pass_package(self.order.items.order_by("pk")[0].issued_pass)
        register(package, "library-1", "ab12")
        Push.objects.all().delete()
        for state in PushState:
            answers = [(None, LOST)] if state == PushState.DEAD else [(403, "BadCertificate")]
            for status, reason in answers:
                columns = {"state": state, "last_status": status, "last_reason": reason}
                times = LEASED if state == "sending" else {"done_at": timezone.now()}
                token = "ab12" if state == PushState.DEAD else f"{state}{status}"
                Push.objects.create(brand=self.brand, type=package.type, push_token=token, **columns, **times)
        self.brand.packagetypes.update(push_paused_at=timezone.now(), push_paused_reason="403 BadCertificate")
        for error in ("unexpected response code 401", "timed out", "abcdef"):
            line = f"[2026-11-22] Register task (for device x) encountered error: {error}"
            DeviceLog.objects.create(brand=self.brand, type=package.type, line=line, task="Register")

    def jobs(self):
        """A job of each kind in each state, failed for our reasons and for those of a member file."""
        texts = [
            NEVER_ENDED % {"times": 5},
            "A fault of ours (KeyError). Nothing is half done; the log knows more.",
            "Row 3 has more than 50 cells.",
        ]
        parameters = {"of": "orders", "filter": "", "name": "leden.csv", "step": "begin", "ids": None}
        outcome = {"rows": 2, "problems": 2, "taken": 0, "new": 1, "updated": 1, "points": 3, "sample": []}
        lines = [
            "An order that is being processed cannot become paid.",
            "This is no e-mail address.",
            "The same address stands in row 2.",
            "Only an order that is paid can be fulfilled, refunded or returned.",
        ]
        failed = [JobState.FAILED] * (len(texts) - 1)
        for number, state in enumerate([*JobState, *failed]):
            running = {"token": uuid.uuid4(), "leased_until": timezone.now()} if state == "running" else {}
            ended = {} if state in {"queued", "running"} else {"finished_at": timezone.now(), "outcome": outcome}
            error = texts[number % 3] if state == JobState.FAILED else ""
            columns = {"kind": list(JobKind)[number % 4], "state": state, "error": error, "parameters": parameters}
            job = self.brand.jobs.create(user=self.owner, **columns, **running, **ended)
            for text in lines:
                self.brand.job_lines.create(job=job, row=1, column="email", text=text)

    def points(self):
        """A line of the ledger for each reason, and faults in all that is proved."""
        member = make_member(self.brand, points=500)
        for reason in PointsReason:
            for what in ("welkom", f"merged from {self.order.uuid} #1", "import #1", "erased #2"):
                book_points(self.member, 5, reason, reference=what)
        for part in LABELS:
            about = {"member": member} if part == "balance" else {"order": self.order}
            PointsFault.objects.create(brand=self.brand, part=part, says=1, must_be=2, **about)

    def wallet(self):
        """A buyer with a card, an address, a connection, an order that does not agree with itself; a client's log."""
        self.buyer = make_buyer("buyer@shop.example", password="geheim geheim", name="Emma")
        card, address = make_card(self.buyer), make_address(self.buyer)
        self.client, _secret = make_client("Nordic")
        connect(self.client, self.buyer, card=card, address=address)
        introduce(self.client, self.brand)
        confirm(self.client, self.buyer)
        body = sample(paymentStatus="REFUNDED", cancelReason="OTHER", refunds=[refund("r", "99.00")])
        body["lineItems"].append(body["lineItems"][0])
        self.stated = update_order(self.client, "1234", body)
        for status, cause in (
            (400, "invalid_request: The parameter scope is missing."),
            (401, "The secret is not this client's."),
            (403, "The access token lacks a scope that this needs: uma:pay:address:read."),
            (400, "Differs from https://a.example in: host."),
        ):
            ClientRequest.objects.create(
                client=self.client, method="GET", path="/pay/wallet", status=status, cause=cause, request_id="1"
            )


def admin_addresses():
    """Every page of the admin that shows rows, and its first one."""
    return [reverse("admin:index"), *(one for each in admin.site._registry.values() for one in _addresses_of(each))]


def further_pages(client):
    """What else of the admin answers with a page when it is opened: mostly what staff can do with a row."""
    found = [address for model_admin in admin.site._registry.values() for address in _further_addresses(model_admin)]
    return [address for address in found if _is_page(client.get(address))]


def _further_addresses(model_admin):
    row = model_admin.model._default_manager.order_by("-pk").first()
    known = {"changelist", "add", "change", "history", None}
    for pattern in model_admin.get_urls():
        needs, word = set(pattern.pattern.converters), pattern.name and pattern.name.split("_")[-1]
        if word not in known and (not needs or (row and needs == {"object_id"})):
            yield reverse(f"admin:{pattern.name}", kwargs=dict.fromkeys(needs, row.pk))


def _is_page(answer):
    return answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/html")


def _addresses_of(model_admin):
    """Where the admin shows a model's rows: the list, the form for a new one, a row for each state, their history."""
    model = model_admin.model
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    yield reverse(f"{name}_changelist")
    yield reverse(f"{name}_add")
    for row in _one_of_each(model):
        yield reverse(f"{name}_change", args=[row.pk])
    if model._default_manager.exists():
        yield reverse(f"{name}_history", args=[row.pk])


def _one_of_each(model):
    """The newest row of each kind and state, which is the one that most hangs on."""
    told_apart = [
        name
        for name in ("kind", "state", "status", "outcome", "last_status", "response", "disabled_reason")
        if hasattr(model, name)
    ]
    rows = {str([getattr(row, name) for name in told_apart]): row for row in model._default_manager.order_by("pk")}
    return rows.values()
