"""What bench/packages.py measures in a process in which Django is set up: a line with a word in, a line of JSON out."""

import io
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import django
from django.db.models import Count
from django.utils import timezone
from PIL import Image

django.setup()

from accounts.encryption import encrypt  # noqa: E402
from applewallet import authority  # noqa: E402 -- models need the set-up
from applewallet.credentials import Upload, install, read  # noqa: E402
from applewallet.images import image_with  # noqa: E402
from applewallet.kinds import PASS  # noqa: E402
from applewallet.models import Device, Package, PackageType, Push, Registration  # noqa: E402
from applewallet.services import Source, built, credential_of, package_about, token_of, whole_content  # noqa: E402
from applewallet.signing import signer_of  # noqa: E402
from passes.source import card_source  # noqa: E402
from passes.tasks import render_passes  # noqa: E402
from shops.models import Brand, Member  # noqa: E402
from shops.services import earn_points, find_or_add_member  # noqa: E402

IMAGES, SIDE = 6, 142  # pictures of noise, 60 kB each, as noise does not compress
MANIFEST = b'{"pass.json":"' + b"0" * 40 + b'"}'


def make() -> Package:
    """A store card with 360 kB of images."""
    brand = Brand.objects.create(slug="bench-packages", name="Bench")
    certificates = authority.of_this_process()
    certificate, key = certificates.issue(PASS, "pass.bench.packages")
    intermediate = authority.pem(certificates.intermediate).encode()
    install(brand, read(Upload(certificate.encode(), key.encode(), intermediate=intermediate), PASS))
    member = find_or_add_member(brand, "bench@example.com", "Emma Brown")
    earn_points(member, 1234, reference="bench")
    small = card_source(member)
    noise = {f"noise-{n}.png": image_with(brand, f"noise {n}", noisy) for n in range(IMAGES)}
    source = Source(small.content, small.strings, {**small.images, **noise})
    return package_about(brand, "store_card", member.uuid, lambda: source)


def noisy() -> bytes:
    """A picture of noise."""
    out = io.BytesIO()
    Image.frombytes("RGB", (SIDE, SIDE), os.urandom(3 * SIDE * SIDE)).save(out, "PNG")
    return out.getvalue()


def hand_out(phones: int) -> None:
    """Give so many members a store card each, on a phone each."""
    brand = Brand.objects.get(slug="bench-packages")
    package_type = brand.packagetypes.get()
    members = Member.objects.bulk_create(
        Member(brand=brand, email=f"phone-{n}@example.com", name=f"Phone {n}") for n in range(phones)
    )
    packages = Package.objects.bulk_create(_card(brand, package_type, member) for member in members)
    devices = Device.objects.bulk_create(
        Device(brand=brand, type=package_type, library_identifier=f"device-{n}", push_token=f"{n:064x}")
        for n in range(phones)
    )
    Registration.objects.bulk_create(
        Registration(brand=brand, device=device, package=package)
        for device, package in zip(devices, packages, strict=True)
    )


def _card(brand: Brand, package_type: PackageType, member: Member) -> Package:
    member.brand = brand
    source = card_source(member)
    return Package(
        brand=brand,
        type=package_type,
        subject="store_card",
        subject_uuid=member.uuid,
        encrypted_token=encrypt("token-of-a-bench-phone"),
        content=source.content,
        strings=source.strings,
        images=source.images,
        digest=source.digest(),
        last_modified=timezone.now().replace(microsecond=0),
    )


def change_look() -> dict[str, float]:
    """Give the brand another colour, and every card a new version; how long that took."""
    started = time.monotonic()
    brand = Brand.objects.get(slug="bench-packages")
    brand.primary_color = "#7a1f2b"
    brand.save()
    changed = render_passes()
    return {"changed": changed, "seconds": time.monotonic() - started}


def pushed() -> dict[str, int]:
    """How many pushes Apple accepted, and how many are not done yet."""
    states = dict(Push.objects.values_list("state").annotate(n=Count("pk")))
    return {"sent": states.get("sent", 0), "left": states.get("pending", 0) + states.get("sending", 0)}


def per_second(work: Callable[[], Any], seconds: float) -> float:
    """How often in a second of this core's time."""
    work()
    started, done = time.process_time(), 0
    while time.process_time() - started < seconds:
        work()
        done += 1
    return done / (time.process_time() - started)


def rates(package: Package, seconds: float) -> dict[str, float]:
    """Signatures, whole packages, and those without the noise, each for so long."""
    signer = signer_of(credential_of(package.type))
    small = Package.objects.select_related("type__brand").get(pk=package.pk)
    small.images = {name: key for name, key in small.images.items() if not name.startswith("noise")}
    whole_content(package)
    return {
        "signatures": per_second(lambda: signer.sign(MANIFEST), seconds),
        "packages": per_second(lambda: built(package), seconds),
        "small": per_second(lambda: built(small), seconds),
    }


def main() -> None:
    """Do what is asked."""
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "make":
            package = make()
            path = f"/w/{package.type.slug}/v1/passes/{package.type.identifier}/{package.serial}"
            root = authority.pem(authority.of_this_process().root)
            answer: dict[str, Any] = {"path": path, "token": token_of(package), "root": root}
        elif word == "rates":
            answer = rates(package, float(rest[0]))
        elif word == "phones":
            hand_out(int(rest[0]))
            answer = {}
        else:
            answer = {"change": change_look, "pushed": pushed}[word]()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
