"""What a coupon's pass and a member's store card show: pass.json (apple-wallet.md §B.2, §B.3)."""

from dataclasses import replace
from typing import Any

from applewallet.looks import colors_of, design_of, icons, logos, strips
from applewallet.models import Design
from applewallet.services import Source, rfc3339
from passes.models import Pass, PassStatus
from passes.texts import TEXTS, in_languages
from shops.models import Brand, Member

Field = dict[str, Any]
QR = "PKBarcodeFormatQR"


def coupon_source(issued: Pass) -> Source:
    """The pass of one issued coupon, in Apple's coupon style."""
    brand = issued.coupon.brand  # the pass's too, and read already where passes change by the dozen
    return _with_images(brand, coupon_texts(issued, design_of(brand)), strips(brand, issued.coupon.image))


def coupon_texts(issued: Pass, design: Design) -> Source:
    """The same without its images, in this design."""
    coupon = issued.coupon
    status = issued.status if issued.qr_code or issued.status != PassStatus.ACTIVE else "reserved"
    back = [_field("description", coupon.description)] if coupon.description else []
    if issued.qr_code:
        back.append(_field("code", issued.qr_code))
    if issued.redeemed_at:
        back.append(_moment("redeemed", rfc3339(issued.redeemed_at), time=True))
    fields = {
        "primaryFields": [_field("coupon", coupon.title)],
        "secondaryFields": _expiry(issued),
        "auxiliaryFields": [_field("status", f"status_{status}", changes=True)],
        "backFields": back,
    }
    content: dict[str, Any] = {"description": f"{coupon.brand.name}: {coupon.title}", "coupon": fields}
    if issued.qr_code:
        content["barcodes"] = [_barcode(issued.qr_code)]
    if issued.expiration_date:
        content["expirationDate"] = rfc3339(issued.expiration_date)
    if issued.status != PassStatus.ACTIVE:
        content["voided"] = True
    return _texts(coupon.brand, design, content, "coupon")


def _expiry(issued: Pass) -> list[Field]:
    if not issued.expiration_date:
        return []
    return [_moment("expires", rfc3339(issued.expiration_date)) | {"changeMessage": "changed_expires"}]


def card_source(member: Member) -> Source:
    """A member's store card: the points, and what they are worth."""
    return _with_images(member.brand, card_texts(member, design_of(member.brand)))


def card_texts(member: Member, design: Design) -> Source:
    """The same without its images, in this design."""
    brand = member.brand
    worth = brand.worth_of(member.points)
    fields = {
        "headerFields": [_field("points", member.points, changes=True)],
        "primaryFields": [_field("member", member.name or member.email)],
        "secondaryFields": [_field("worth", float(worth)) | {"currencyCode": brand.currency}],
        "backFields": [],
    }
    content = {
        "description": f"{brand.name}",
        "storeCard": fields,
        "barcodes": [_barcode(str(member.uuid))],
        "semantics": {"balance": {"amount": str(worth), "currencyCode": brand.currency}},
    }
    return _texts(brand, design, content, "storeCard")


def sign_up_source(brand: Brand, asked: list[str]) -> Source:
    """A store card that is nobody's yet: Wallet asks for the fields in `asked` (apple-wallet.md §B.9)."""
    content = {"description": brand.name, "storeCard": {"primaryFields": [_field("points", 0)], "backFields": []}}
    design = design_of(brand)
    card = _with_images(brand, _texts(brand, design, content, "storeCard"))
    form = {"requiredPersonalizationFields": asked, "description": brand.name}
    terms = design.terms_en
    extras = {"personalization.json": form | ({"termsAndConditions": terms} if terms else {})}
    logo = {f"personalizationLogo@{scale}x.png": pk for scale, pk in _logo_scales(brand)}
    return Source(card.content, card.strings, {**card.images, **logo}, extras)


def _logo_scales(brand: Brand) -> list[tuple[int, int]]:
    files = logos(brand)
    return [(scale, files[f"logo@{scale}x.png"]) for scale in (2, 3) if f"logo@{scale}x.png" in files]


def _field(key: str, value: str | float, *, changes: bool = False) -> Field:
    """A field with the label that its key names. The phone tells of a change only where `changes` says so."""
    field: Field = {"key": key, "label": f"label_{key}", "value": value}
    return field | {"changeMessage": f"changed_{key}"} if changes else field


def _moment(key: str, value: str, *, time: bool = False) -> Field:
    style = "PKDateStyleShort" if time else "PKDateStyleNone"
    return _field(key, value) | {"dateStyle": "PKDateStyleMedium", "timeStyle": style}


def _barcode(message: str) -> dict[str, str]:
    return {"format": QR, "message": message, "messageEncoding": "iso-8859-1", "altText": message}


def _texts(brand: Brand, design: Design, content: dict[str, Any], style: str) -> Source:
    """What every pass of the brand has: its name, colours, terms, and whom to ask."""
    terms = {"en": design.terms_en or design.terms_nl, "nl": design.terms_nl or design.terms_en}
    has_terms = any(terms.values())
    back = content[style]["backFields"] + _contact(design)
    content[style]["backFields"] = [*back, _field("terms", "brand_terms")] if has_terms else back
    whole = {"organizationName": brand.name, **colors_of(brand, design), **content}
    if design.logo_text or not brand.logo:
        whole["logoText"] = design.logo_text or brand.name
    return Source(whole, in_languages(_keys_in(whole), **(terms if has_terms else {})))


def _with_images(brand: Brand, source: Source, further: dict[str, int] | None = None) -> Source:
    return replace(source, images={**icons(brand), **logos(brand), **(further or {})})


def _contact(design: Design) -> list[Field]:
    lines = [line for line in (design.website, design.email, design.phone_number) if line]
    return [_field("contact", "\n".join(lines))] if lines else []


def _keys_in(value: object) -> set[str]:
    """The keys of texts that occur anywhere in `value`."""
    if isinstance(value, dict):
        return set().union(*map(_keys_in, value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*map(_keys_in, value)) if value else set()
    return {value} if isinstance(value, str) and value in TEXTS else set()
