"""Passes on members' phones: made when somebody asks for one, and kept up to date ever after."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from applewallet import services as applewallet
from applewallet.models import Package, Subject
from applewallet.personalizing import FILE
from applewallet.rendering import mark_stale
from applewallet.services import Source
from applewallet.signals import signed_up
from passes.models import Coupon, Pass
from passes.source import card_source, coupon_source, sign_up_source
from shops.errors import InvalidInput
from shops.models import Member
from shops.services import find_or_add_member
from shops.signals import points_changed


def pass_package(issued: Pass) -> Package:
    """The package of an issued coupon. Raises NotSignable."""
    return applewallet.package_about(issued.brand, Subject.COUPON, issued.uuid, lambda: coupon_source(issued))


@transaction.atomic
def push_now(issued: Pass) -> int:
    """Have the phones that hold `issued` show it as it is now; returns how many these are.

    Raises NobodyHolds, and TooSoon when they were told just now.
    """
    package = applewallet.find_package(issued.brand, Subject.COUPON, issued.uuid)
    if package is None:
        raise applewallet.NobodyHolds
    if applewallet.refresh(package, coupon_source(issued)):
        return package.registrations.count()
    return applewallet.push_again(package)


def card_package(member: Member) -> Package:
    """The package of a member's store card. Raises NotSignable."""
    return applewallet.package_about(member.brand, Subject.STORE_CARD, member.uuid, lambda: card_source(member))


def show_on_phones(passes: Iterable[Pass]) -> None:
    """Bring the packages of these passes of one brand up to date, in the transaction that changed them."""
    by_uuid = {issued.uuid: issued for issued in passes}
    if not by_uuid:
        return
    brand = next(iter(by_uuid.values())).coupon.brand
    packages = brand.packages.filter(subject=Subject.COUPON, subject_uuid__in=by_uuid).order_by("pk")
    for package in packages:
        applewallet.refresh(package, coupon_source(by_uuid[package.subject_uuid]))


@receiver(points_changed)
def cards_changed(members: Sequence[Member], **_more: Any) -> None:
    """Bring the store cards of members of one brand up to date, in the transaction that moved their points."""
    by_uuid = {member.uuid: member for member in members}
    if not by_uuid:
        return
    brand = members[0].brand
    packages = brand.packages.select_related("type").filter(subject=Subject.STORE_CARD, subject_uuid__in=by_uuid)
    for package in packages.order_by("pk"):
        applewallet.refresh(package, card_source(by_uuid[package.subject_uuid]))


def rendered(package: Package) -> Source | None:
    """What a pass of either style shows now; None where nobody is left to show it of."""
    brand = package.type.brand
    if package.subject == Subject.STORE_CARD:
        member = brand.members.select_related("brand").filter(uuid=package.subject_uuid).first()
        return card_source(member) if member else None
    if package.subject == Subject.COUPON:
        issued = brand.passes.select_related("coupon__brand").filter(uuid=package.subject_uuid).first()
        return coupon_source(issued) if issued else None
    return sign_up_source(brand, package.extras[FILE]["requiredPersonalizationFields"])


@receiver(post_save, sender=Coupon)
def coupon_changed(instance: Coupon, *, created: bool, **_more: Any) -> None:
    """A coupon's words and picture stand on all of its passes."""
    if not created:
        mark_stale(instance.brand)


@receiver(signed_up)
def make_it_theirs(package: Package, answers: dict[str, str], **_more: Any) -> None:
    """Somebody signed up with a card on the phone: from now on it is that member's.

    Who has a card already keeps that one, and the new one is void. Raises InvalidInput for an address that is none.
    """
    brand, email = package.type.brand, answers.get("emailAddress", "")
    try:
        validate_email(email)
    except ValidationError as error:
        raise InvalidInput({"emailAddress": [str(error.message)]}) from error
    member = find_or_add_member(brand, email, answers.get("fullName", "")[:150])
    source = card_source(member)
    with transaction.atomic():
        if applewallet.find_package(brand, Subject.STORE_CARD, member.uuid) is None:
            brand.packages.filter(pk=package.pk).update(subject=Subject.STORE_CARD, subject_uuid=member.uuid)
        else:
            source = replace(source, content={**source.content, "voided": True})
        applewallet.refresh(package, source)
