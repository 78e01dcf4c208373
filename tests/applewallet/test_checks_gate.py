"""Which certificate may sign, what stops a package, and that nothing stops the checks."""

import copy
import functools
import json
import operator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from applewallet import authority
from applewallet.checks import check, ensure, schema, words
from applewallet.kinds import ORDER, PASS
from shops.errors import InvalidInput
from tests.applewallet.judging import ADD, LEAVE_OUT, bad, errors, warnings
from tests.applewallet.sample_orders import ORDER as AN_ORDER
from tests.applewallet.sample_orders import ORDER_FILES, everything_of_an_order
from tests.applewallet.sample_passes import COUPON, PASS_FILES, PASSES, POSTER_TICKET
from tests.applewallet.samples import changed, file, image
from tests.conftest import ROOT


def certificate(kind, identifier, **options):
    text, _key = authority.of_this_process().issue(kind, identifier, **options)
    return x509.load_pem_x509_certificate(text.encode())


def test_the_certificate_of_the_type_may_sign():
    signer = certificate(PASS, "pass.com.example.shop")
    assert check(PASS, COUPON, {}, PASS_FILES, signer) == []


def test_another_certificate_may_not_sign():
    cure = "Write what the certificate says, or sign with another."
    signer = certificate(PASS, "pass.com.example.other", team="Z9Y8X7W6V5")
    assert errors(check(PASS, COUPON, {}, PASS_FILES, signer)) == [
        (
            "passTypeIdentifier",
            "The content says “pass.com.example.shop”, the certificate “pass.com.example.other”.",
            cure,
        ),
        ("teamIdentifier", "The content says “A1B2C3D4E5”, the certificate “Z9Y8X7W6V5”.", cure),
    ]
    signer = certificate(ORDER, "order.com.example.other")
    assert [one[0] for one in errors(check(ORDER, AN_ORDER, {}, ORDER_FILES, signer))] == ["orderTypeIdentifier"]


def test_an_expired_certificate_may_not_sign():
    starts = datetime.now(UTC) - timedelta(days=366)
    signer = certificate(PASS, "pass.com.example.shop", starts=starts)
    day = f"{starts + timedelta(days=365):%Y-%m-%d}"
    assert errors(check(PASS, COUPON, {}, PASS_FILES, signer)) == [
        (
            "passTypeIdentifier",
            f"The certificate expired on {day}.",
            "Renew it at Apple and upload the new one.",
        )
    ]


def test_nfc_wants_a_certificate_for_it():
    signer = certificate(PASS, "pass.com.example.shop")
    assert warnings(check(PASS, POSTER_TICKET, {}, PASS_FILES, signer)) == [
        ("nfc", "The certificate is not one for NFC.", "Ask Apple for an NFC certificate, or leave “nfc” out.")
    ]


def test_ensure_raises_errors_by_field_and_lets_warnings_pass():
    assert ensure(ORDER, AN_ORDER, {}, ORDER_FILES) is None
    broken = changed(changed(AN_ORDER, "status"), "createdAt", "now")
    with pytest.raises(InvalidInput) as raised:
        ensure(ORDER, broken, {}, {**ORDER_FILES, ".DS_Store": file(b"")})
    assert raised.value.errors == {
        "status": [f"It is missing. {ADD}"],
        "createdAt": [
            f"{bad('now')} Write date, time and zone: “2026-08-01T10:00:00Z” or “2026-08-01T12:00:00+02:00”."
        ],
        ".DS_Store": [f"Wallet refuses packages with files of the operating system. {LEAVE_OUT}"],
    }


@pytest.mark.parametrize("value", [{1, 2}, 2**70, "\ud800", object()])
def test_what_json_cannot_hold_is_told(value):
    [fault] = check(PASS, {**COUPON, "userInfo": value}, {}, PASS_FILES)
    assert fault.field == "pass.json"
    assert fault.reason.startswith("It cannot be written as JSON: ")
    assert fault.cure == "Hold text, numbers, lists and objects only."


# Nothing stops the checks.

DOCUMENTS = [(ORDER, AN_ORDER), (ORDER, everything_of_an_order()), *[(PASS, one) for one in PASSES.values()]]
LETTERS = st.text("ab1 .:/%@-", max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | LETTERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=8,
)
PATHS = (
    st.sampled_from(
        [
            "icon.png",
            "logo@2x.png",
            "en.lproj/logo.png",
            "xx_YY.lproj/a.png",
            "a/b",
            "",
            "/",
            ".",
            "receipt.pdf",
            "@2x.png",
        ]
    )
    | LETTERS
)
FILES = st.dictionaries(
    PATHS, st.sampled_from([b"", b"%PDF-", image(3, 5).content, b"{}", b"[1]"]).map(file), max_size=4
)
STRINGS = st.dictionaries(
    st.sampled_from(["en", "nl", "pt_BR", "", "-"]) | LETTERS, st.dictionaries(LETTERS, JSON, max_size=3), max_size=3
)


def places_in(node, path=()):
    """The path of each value in a document."""
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in inner:
        yield (*path, key)
        yield from places_in(value, (*path, key))


@st.composite
def spoiled(draw):
    """A kind, and a valid document of it with other values in some places, some left out, and some keys added."""
    kind, document = draw(st.sampled_from(DOCUMENTS))
    document = copy.deepcopy(document)
    for _time in range(draw(st.integers(0, 3))):
        *steps, last = draw(st.sampled_from(list(places_in(document))))
        node = functools.reduce(operator.getitem, steps, document)
        what = draw(st.sampled_from(["change", "leave out", "add"]))
        if what == "leave out":
            del node[last]
        elif what == "change":
            node[last] = draw(JSON)
        elif isinstance(node, dict):
            node[draw(LETTERS)] = draw(JSON)
        if not document:
            break
    return kind, document


@given(spoiled(), STRINGS, FILES)
@settings(max_examples=150, deadline=None)
def test_whatever_a_package_holds_the_checks_end_in_words(kind_and_document, strings, files):
    kind, document = kind_and_document
    for fault in check(kind, document, strings, files):
        assert fault.reason.strip()
        assert fault.cure.strip()


@given(spoiled())
@settings(max_examples=150, deadline=None)
def test_our_faster_validator_agrees_with_the_original(kind_and_document):
    kind, document = kind_and_document
    original = Draft202012Validator(schema.read(kind.name), format_checker=schema.FORMATS)
    assert schema.validator_of(kind.name).is_valid(document) == original.is_valid(document)


@pytest.mark.parametrize("name", ["order", "pass"])
def test_the_schemas_are_schemas(name):
    Draft202012Validator.check_schema(schema.read(name))


def test_our_schema_of_orders_is_the_published_one():
    assert schema.read("order") == json.loads((ROOT / "tests" / "data" / "order.schema.json").read_text())


def schemas_in(node):
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from schemas_in(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from schemas_in(inner)


@pytest.mark.parametrize("name", ["order", "pass"])
def test_every_keyword_has_words(name):
    keywords = {"type", "additionalProperties", "required", "dependentRequired", "oneOf", *words.TELLERS}
    structure = {"properties", "items", "$ref", "$defs", "allOf", "if", "then", "else", "title", "description"}
    others = {"$schema", "$id", "x-styles", "x-schemes"}
    nodes = [node for node in schemas_in(schema.read(name)) if {"type", "enum", "const"} & node.keys()]
    used = {key for node in nodes if isinstance(node.get("type", ""), str | list) for key in node}
    assert used - keywords - structure - others == set()


@pytest.mark.parametrize("name", ["order", "pass"])
def test_every_form_has_a_cure(name):
    """A value of the wrong form is told what the right one is: by its key or by its definition."""
    without = []
    for node in schemas_in(schema.read(name)):
        for key, inner in {**node.get("properties", {}), **node.get("$defs", {})}.items():
            forms = {"pattern", "format"} & inner.keys() if isinstance(inner, dict) else ()
            if forms and key not in words.CURES:
                without.append(key)
    assert without == []
