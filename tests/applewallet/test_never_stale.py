"""Phones that hear of every change, whatever the concurrency (apple-wallet.md §F.4): many of them, over real HTTP."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connection, transaction

from applewallet import push
from applewallet.models import Package, Push
from applewallet.services import built, refresh
from tests.applewallet.making import card, make_package
from tests.applewallet.phone import Phone
from tests.making import make_brand

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 10
WRITERS = 8
PHONES = 6


def points_in(content):
    return content["storeCard"]["headerFields"][0]["value"]


def write(packages, until):
    """Change packages at random, now and then two in one transaction that takes its time to commit."""
    chance = random.Random(threading.get_ident())
    try:
        brand = packages[0].brand
        while time.monotonic() < until:
            chosen = sorted(chance.sample(packages, chance.choice([1, 1, 2])), key=lambda package: package.pk)
            with_transaction(chosen, brand, chance)
    finally:
        connection.close()


def with_transaction(chosen, brand, chance):
    with transaction.atomic():
        for package in chosen:
            refresh(package, card(brand, points=chance.randrange(10**9)))
        time.sleep(chance.random() / 100)


class Ears:
    """Pushes that Apple's stand-in accepted reach the phones, each in a thread of its own."""

    def __init__(self, apns, topic, phones):
        self.apns = apns
        self.topic = topic
        self.phones = {phone.push_token: phone for phone in phones}
        self.locks = {token: threading.Lock() for token in self.phones}
        self.heard = 0
        self.over = threading.Event()
        self.pool = ThreadPoolExecutor(PHONES)

    def listen(self):
        while not self.over.is_set():
            self.pass_on()
            time.sleep(0.2)

    def pass_on(self):
        log = self.apns.log(self.topic)
        new, self.heard = log[self.heard :], len(log)
        for token in {line["token"] for line in new}:
            self.pool.submit(self.push, token)

    def push(self, token):
        with self.locks[token]:
            self.phones[token].pushed()


def test_no_phone_is_stale_in_the_end(live_server, apns, settings):
    settings.APNS_PAUSE = 0.3
    settings.APNS_PUSHES_PER_SECOND = 0
    brand = make_brand()
    packages = [make_package(brand) for _ in range(20)]
    phones = [Phone(live_server.url) for _ in range(PHONES)]
    for phone in phones:
        for package in packages:
            assert phone.add(built(package)) == 201

    ears = Ears(apns, packages[0].type.identifier, phones)
    listening = threading.Thread(target=ears.listen)
    listening.start()
    until = time.monotonic() + SECONDS
    writers = [threading.Thread(target=write, args=(packages, until)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        push.drain(max_seconds=1)
    while Push.objects.filter(state__in=["pending", "sending"]).exists():
        push.drain(max_seconds=1)
    ears.over.set()
    listening.join()
    ears.pass_on()
    ears.pool.shutdown()
    close_old_connections()

    now = {str(package.serial): points_in(package.content) for package in Package.objects.all()}
    assert sum(Package.objects.values_list("version", flat=True)) > 200  # there was something to miss
    for phone in phones:
        assert {serial: points_in(held.json) for serial, held in phone.held.items()} == now
