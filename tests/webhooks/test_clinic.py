"""The signature clinic: each mistake made for real, with hmac and hashlib, and named by its code."""

import base64
import hashlib
import hmac
import json
import re
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.encryption import encrypt
from shops.errors import InvalidInput
from tests.making import make_endpoint
from webhooks import mistakes as table
from webhooks import readings
from webhooks.clinic import VERDICTS, examine
from webhooks.services import new_key, rotate_key
from webhooks.signing import headers_of, standard_signature, wllt_signature

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
KEY_TEXT = KEY.encode()
SECRET = base64.b64decode(KEY[6:])
OLD_SECRET = base64.b64decode(OLD[6:])
OURS = (
    b'{"order_id":"11111111-1111-4111-8111-111111111111",'
    b'"brand_id":"22222222-2222-4222-8222-222222222222","order_status":"open"}'
)
RICH = '{"url":"https://shop.example/é","b":[1,2],"a":"ü"}'.encode()  # with all that encoders treat differently
FIELDS = {"body", "header", "own_result", "message_id", "timestamp", "verdict", "explanation", "scheme"}
ID, AT = "c9a1f4de-0c3f-4d2b-8c11-52f2a6a0b7e4", 1795338821


def endpoint(key=KEY, previous=OLD):
    return SimpleNamespace(encrypted_key=encrypt(key), previous_key=previous and encrypt(previous))


def hexed(body, key=KEY_TEXT, digest="sha256"):
    return hmac.new(key, body, digest).hexdigest()


def v1(signed, key=SECRET, digest="sha256"):
    return f"v1,{base64.b64encode(hmac.new(key, signed, digest).digest()).decode()}"


def text(body=OURS, message=ID, at=AT, between=b".", before=b"."):
    return message.encode() + between + str(at).encode() + before + body


def wllt(own="", *, body=OURS, raw=None, key=KEY, header=None, previous=OLD):
    """The clinic's verdict on a result of the original's header; `raw` is what we sent, `body` what is shown."""
    header = wllt_signature(key, raw or body) if header is None else header
    return examine(endpoint(previous=previous), body=body, header=header, own_result=own, now=AT)


def standard(own="", *, body=OURS, raw=None, header=None, at=AT, stamp=None, message=ID, now=AT):
    """Likewise with Standard Webhooks."""
    header = standard_signature(KEY, ID, at, raw or body) if header is None else header
    stamp = str(at if stamp is None else stamp)
    return examine(endpoint(), body=body, header=header, own_result=own, message_id=message, timestamp=stamp, now=now)


def php(code, body):
    return subprocess.run(["php", "-r", code], input=body, capture_output=True, check=True).stdout


WLLT = {  # (code, what the partner's program computed, from which body)
    "key decoded": ("key_decoded", hexed(OURS, SECRET), OURS),
    "key decoded with whsec_": ("key_decoded", hexed(OURS, base64.b64decode(KEY.replace("_", "/") + "==")), OURS),
    "key without whsec_": ("key_without_prefix", hexed(OURS, KEY[6:].encode()), OURS),
    "key with a newline": ("key_with_blanks", hexed(OURS, f"{KEY}\n".encode()), OURS),
    "key with a blank": ("key_with_blanks", hexed(OURS, f" {KEY}".encode()), OURS),
    "key in quotes": ("key_in_quotes", hexed(OURS, f'"{KEY}"'.encode()), OURS),
    "empty key": ("key_empty", hexed(OURS, b""), OURS),
    "key of the example": ("key_of_the_example", hexed(OURS, b"test-key"), OURS),
    "previous key": ("old_key", hexed(OURS, OLD.encode()), OURS),
    "previous key, decoded": ("old_key", hexed(OURS, OLD_SECRET), OURS),
    "empty body": ("body_not_read", hexed(b""), OURS),
    "empty $_POST": ("body_not_read", hexed(b"[]"), OURS),
    "newline": ("trailing_newline", hexed(OURS + b"\n"), OURS),
    "CRLF": ("trailing_newline", hexed(OURS + b"\r\n"), OURS),
    "BOM": ("byte_order_mark", hexed(b"\xef\xbb\xbf" + OURS), OURS),
    "json.dumps": ("json_spaces", hexed(json.dumps(json.loads(OURS)).encode()), OURS),
    "json.dumps, rich": ("json_spaces", hexed(json.dumps(json.loads(RICH)).encode()), RICH),
    "json.dumps, rich, letters": (
        "json_spaces",
        hexed(json.dumps(json.loads(RICH), ensure_ascii=False).encode()),
        RICH,
    ),
    "indent 2": ("json_pretty", hexed(json.dumps(json.loads(OURS), indent=2).encode()), OURS),
    "indent 4": ("json_pretty", hexed(json.dumps(json.loads(OURS), indent=4).encode()), OURS),
    "indent, CRLF": ("json_pretty", hexed(json.dumps(json.loads(OURS), indent=2).replace("\n", "\r\n").encode()), OURS),
    "sorted": (
        "json_sorted",
        hexed(json.dumps(json.loads(OURS), sort_keys=True, separators=(",", ":")).encode()),
        OURS,
    ),
    "sorted, spaces": ("json_sorted", hexed(json.dumps(json.loads(OURS), sort_keys=True).encode()), OURS),
    "slashes escaped": ("slashes_escaped", hexed(RICH.replace(b"/", b"\\/")), RICH),
    "slashes unescaped": ("slashes_unescaped", hexed(b'{"u":"a/b"}'), b'{"u":"a\\/b"}'),
    "non-ASCII escaped": (
        "non_ascii_escaped",
        hexed(json.dumps(json.loads(RICH), separators=(",", ":")).encode()),
        RICH,
    ),
    "non-ASCII unescaped": ("non_ascii_unescaped", hexed('{"a":"ü"}'.encode()), b'{"a":"\\u00fc"}'),
    "JSON in JSON": ("json_in_json", hexed(json.dumps(OURS.decode()).encode()), OURS),
    "str(dict)": ("not_json", hexed(str(json.loads(OURS)).encode()), OURS),
    "String(object)": ("not_json", hexed(b"[object Object]"), OURS),
    "UTF-16": ("other_charset", hexed(OURS.decode().encode("utf-16-le")), OURS),
    "Latin-1": ("other_charset", hexed(RICH.decode().encode("latin-1")), RICH),
    "base64": ("base64_instead_of_hex", v1(OURS, KEY_TEXT)[3:], OURS),
    "base64 of hex": ("base64_of_hex", base64.b64encode(hexed(OURS).encode()).decode(), OURS),
    "upper case": ("upper_case_hex", hexed(OURS).upper(), OURS),
    "sha256=": ("algorithm_prefix", f"sha256={hexed(OURS)}", OURS),
    "v1,": ("version_prefix", f"v1,{hexed(OURS)}", OURS),
    "quotes": ("quotes_or_blanks", f'"{hexed(OURS)}"', OURS),
    "bytes, hex": ("bytes_as_text", f"{hexed(OURS).encode()}", OURS),
    "newline behind": ("quotes_or_blanks", f"{hexed(OURS)}\n", OURS),
    "truncated": ("truncated", hexed(OURS)[:50], OURS),
    "truncated to a half": ("truncated", hexed(OURS)[:32], OURS),
    "SHA-1": ("hmac_sha1", hexed(OURS, digest="sha1"), OURS),
    "SHA-512": ("hmac_sha512", hexed(OURS, digest="sha512"), OURS),
    "MD5": ("hmac_md5", hexed(OURS, digest="md5"), OURS),
    "no key": ("hash_without_key", hashlib.sha256(OURS).hexdigest(), OURS),
    "key + body": ("hash_with_key", hashlib.sha256(KEY_TEXT + OURS).hexdigest(), OURS),
    "body + key": ("hash_with_key", hashlib.sha256(OURS + KEY_TEXT).hexdigest(), OURS),
    "swapped": ("roles_swapped", hexed(KEY_TEXT, OURS), OURS),
    "two mistakes": ("key_decoded", hexed(json.dumps(json.loads(OURS)).encode(), SECRET), OURS),
    "unknown": ("own_result_unexplained", hexed(b"something else", b"some key"), OURS),
    "nonsense": ("own_result_unexplained", "0x12 résumé", OURS),
}
STANDARD = {
    "body only": ("body_only", v1(OURS)),
    "colons": ("wrong_separator", v1(text(between=b":", before=b":"))),
    "nothing between": ("wrong_separator", v1(text(between=b"", before=b""))),
    "no id": ("id_missing", v1(f"{AT}.".encode() + OURS)),
    "no timestamp": ("timestamp_missing", v1(f"{ID}.".encode() + OURS)),
    "milliseconds": ("milliseconds", v1(text(at=AT * 1000))),
    "timestamp first": ("parts_in_wrong_order", v1(f"{AT}.{ID}.".encode() + OURS)),
    "body first": ("parts_in_wrong_order", v1(OURS + f".{ID}.{AT}".encode())),
    "key as text": ("key_not_decoded", v1(text(), KEY_TEXT)),
    "key as text without whsec_": ("key_not_decoded", v1(text(), KEY[6:].encode())),
    "key decoded with whsec_": ("key_decoded_with_prefix", v1(text(), base64.b64decode(KEY.replace("_", "/") + "=="))),
    "empty key": ("key_empty", v1(text(), b"")),
    "previous key": ("old_key", v1(text(), OLD_SECRET)),
    "json.dumps": ("json_spaces", v1(text(json.dumps(json.loads(OURS)).encode()))),
    "newline": ("trailing_newline", v1(text(OURS + b"\n"))),
    "key as text, body only": ("key_not_decoded", v1(OURS, KEY_TEXT)),
    "body only, json.dumps": ("body_only", v1(json.dumps(json.loads(OURS)).encode())),
    "hex": ("hex_instead_of_base64", hexed(text(), SECRET)),
    "base64 of hex": ("base64_of_hex", "v1," + base64.b64encode(hexed(text(), SECRET).encode()).decode()),
    "URL-safe": ("url_safe_base64", v1(text()).replace("+", "-").replace("/", "_")),
    "no padding": ("padding_missing", v1(text()).rstrip("=")),
    "bytes": ("bytes_as_text", f"v1,{v1(text())[3:].encode()}"),
    "no v1,": ("version_prefix_missing", v1(text())[3:]),
    "SHA-512": ("hmac_sha512", v1(text(), digest="sha512")),
    "no key": ("hash_without_key", "v1," + base64.b64encode(hashlib.sha256(text()).digest()).decode()),
    "swapped": ("roles_swapped", v1(SECRET, text())),
    "truncated": ("truncated", v1(text())[:35]),
    "the other header": ("made_for_wllt_signature", hexed(OURS)),
    "unknown": ("own_result_unexplained", v1(b"something else", b"some key")),
}


@pytest.mark.parametrize("name", WLLT)
def test_a_mistake_with_the_original_signature_is_named(name):
    code, own, body = WLLT[name]
    assert wllt(own, body=body).verdict == code


@pytest.mark.parametrize("name", STANDARD)
def test_a_mistake_with_standard_webhooks_is_named(name):
    code, own = STANDARD[name]
    if name == "URL-safe":
        assert set(own) & set("-_"), "choose another ID: this digest has neither + nor /"
    assert standard(own).verdict == code


def test_the_result_for_the_other_header_is_named():
    own = examine(
        endpoint(), body=OURS, header=hexed(OURS), own_result=v1(text()), message_id=ID, timestamp=str(AT), now=AT
    )
    assert own.verdict == "made_for_webhook_signature"


def test_two_mistakes_are_both_told():
    told = wllt(hexed(OURS + b"\n", SECRET).upper()).explanation
    for part in ("decoded from base64", "line break", "upper case"):
        assert part in told


def test_php_encodes_again_as_php_does():
    encode = "echo json_encode(json_decode(file_get_contents('php://stdin')));"
    assert wllt(hexed(php(encode, RICH)), body=RICH).verdict == "php_json_encode"
    pretty = encode.replace(")));", ")), JSON_PRETTY_PRINT);")
    assert wllt(hexed(php(pretty, RICH)), body=RICH).verdict == "json_pretty"
    assert php(encode, OURS) == OURS  # of our own bodies PHP makes the same again
    lenient = f"echo hash_hmac('sha256', file_get_contents('php://stdin'), base64_decode('{KEY}'));"
    assert wllt(php(lenient, OURS).decode()).verdict == "key_decoded"
    printed = "parse_str('', $post); echo hash_hmac('sha256', json_encode($post), '%s');"
    assert wllt(php(printed % KEY, b"").decode()).verdict == "body_not_read"


def test_all_is_well():
    assert wllt(hexed(OURS)).verdict == wllt().verdict == "matches"
    assert standard(v1(text())).verdict == standard().verdict == "matches"
    assert wllt(hexed(OURS)).scheme == "wllt-signature"
    assert standard().scheme == "webhook-signature"
    both = headers_of([KEY, OLD], ID, AT, OURS)["webhook-signature"]
    assert standard(v1(text()), header=both).verdict == standard(header=both).verdict == "matches"
    assert standard(header=f"v1a,whatever {both}").verdict == "matches"


SHOWN = {
    "trailing_newline": OURS + b"\r\n",
    "byte_order_mark": b"\xef\xbb\xbf" + OURS,
    "json_spaces": json.dumps(json.loads(OURS)).encode(),
    "json_pretty": json.dumps(json.loads(OURS), indent=4).encode(),
    "json_sorted": json.dumps(json.loads(OURS), sort_keys=True, separators=(",", ":")).encode(),
    "json_in_json": json.dumps(OURS.decode()).encode(),
    "body_changed": OURS.replace(b":", b" : "),
}


@pytest.mark.parametrize("code", SHOWN)
def test_a_body_that_is_not_the_raw_one_is_found_by_the_header(code):
    assert wllt(body=SHOWN[code], raw=OURS).verdict == code
    assert standard(body=SHOWN[code], raw=OURS).verdict == code
    # What was only pasted badly is no mistake of the program; what the program computed of it is.
    assert wllt(hexed(OURS), body=SHOWN[code], raw=OURS).verdict == "matches"
    if code != "body_changed":
        assert wllt(hexed(SHOWN[code]), body=SHOWN[code], raw=OURS).verdict == code


def test_the_header_itself_may_be_wrong():
    foreign = wllt_signature(new_key(), OURS)
    assert wllt(header="").verdict == wllt(header=' "" ').verdict == "header_missing"
    assert wllt(header=hexed(OURS).upper()).verdict == "header_changed"
    assert wllt(header=hexed(OURS)[:40]).verdict == "header_truncated"
    assert wllt(header=f"'{hexed(OURS)}' ").verdict == "matches"
    assert wllt(header=foreign).verdict == "nothing_fits"
    assert wllt(hexed(OURS), header=foreign).verdict == "header_foreign"
    assert wllt(foreign, header=foreign).verdict == "consistent_but_foreign"
    assert wllt(hexed(OURS, SECRET), header=hexed(OURS, SECRET)).verdict == "compared_with_itself"
    assert "Besides" in wllt(hexed(OURS, SECRET), header=foreign).explanation
    assert wllt(body=b"", header=foreign).verdict == "body_not_read"


def test_a_rotation_is_understood():
    old = standard_signature(OLD, ID, AT, OURS)
    both = headers_of([KEY, OLD], ID, AT, OURS)["webhook-signature"]
    assert standard(old, header=both).verdict == "only_first_entry"
    assert standard(old, header=v1(text())).verdict == "old_key"
    assert standard(header=old).verdict == standard(old, header=old).verdict == "signed_with_old_key"
    assert wllt(key=OLD).verdict == wllt(hexed(OURS), key=OLD).verdict == "signed_with_old_key"
    assert wllt(hexed(OURS, OLD.encode()), previous=None).verdict == "own_result_unexplained"


def test_time_is_looked_at():
    assert standard(now=AT + 300).verdict == standard(now=AT - 300).verdict == "matches"
    assert standard(now=AT + 301).verdict == "too_old"
    assert standard(v1(text()), now=AT - 301).verdict == "in_future"
    assert standard(stamp=AT * 1000).verdict == "timestamp_in_milliseconds"
    assert standard(stamp="").verdict == standard(message="").verdict == "id_or_timestamp_missing"
    now = int(time.time())
    header = standard_signature(KEY, ID, now, OURS)
    found = examine(endpoint(), body=OURS.decode(), header=header, message_id=ID, timestamp=str(now))
    assert found.verdict == "matches"


@pytest.mark.parametrize("most", [15, 8, 1])
def test_a_short_beginning_tells_nothing(most):
    """Or somebody could find a signature of any text, digit by digit."""
    assert wllt(hexed(OURS)[: most * 2]).verdict == "own_result_unexplained"
    assert wllt(header=hexed(OURS)[: most * 2]).verdict == "nothing_fits"


def test_what_is_too_long_is_refused():
    for field, most in {"body": 65_536, "header": 2048, "own_result": 2048, "message_id": 255, "timestamp": 64}.items():
        given = {"body": OURS, "header": hexed(OURS)} | {field: "x" * (most + 1)}
        with pytest.raises(InvalidInput) as caught:
            examine(endpoint(), **given)
        assert list(caught.value.errors) == [field]
    with pytest.raises(InvalidInput):
        examine(endpoint(), body="é" * 40_000, header=hexed(OURS))


def test_large_and_nasty_bodies_end_without_a_fit():
    for body in (
        b"[" * 65_536,
        b"[" * 900 + b"1," * 20_000,
        b'{"a":' * 300,
        b"\xff" * 65_536,
        b'"\\ud800"',
        b"1" * 5000,
    ):
        own = hexed(b"x", b"y")
        found = examine(
            endpoint(), body=body, header=v1(b"z"), own_result=own, message_id=ID, timestamp="1" * 64, now=AT
        )
        assert found.verdict == "nothing_fits"


def test_the_row_of_an_endpoint_will_do(brand):
    row, key = make_endpoint(brand)
    assert examine(row, body=OURS, header=hexed(OURS, key.encode())).verdict == "matches"
    new = rotate_key(row)
    row.refresh_from_db()
    assert examine(row, body=OURS, header=hexed(OURS, key.encode())).verdict == "signed_with_old_key"
    found = examine(row, body=OURS, header=hexed(OURS, new.encode()), own_result=hexed(OURS, key.encode()))
    assert found.verdict == "old_key"


keys = st.binary(min_size=24, max_size=64).map(lambda raw: f"whsec_{base64.b64encode(raw).decode()}")
names = st.text("abcdefghijklmnopqrstuvwxyz-_0123456789", min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(key=keys, body=st.binary(min_size=1, max_size=300), message=names, at=st.integers(1, 10**11))
def test_a_right_pair_always_matches(key, body, message, at):
    row = endpoint(key, None)
    header, told = wllt_signature(key, body), {"message_id": message, "timestamp": str(at), "now": at}
    assert examine(row, body=body, header=header, own_result=header).verdict == "matches"
    header = standard_signature(key, message, at, body)
    assert examine(row, body=body, header=header, own_result=header, **told).verdict == "matches"


@settings(max_examples=100, deadline=None)
@given(
    body=st.binary(max_size=100) | st.text(max_size=100) | st.just(OURS),
    header=st.text(max_size=100) | st.binary(min_size=32, max_size=32).map(bytes.hex),
    own=st.text(max_size=100) | st.binary(min_size=16, max_size=64).map(lambda raw: base64.b64encode(raw).decode()),
    message=st.text(max_size=20),
    at=st.text(max_size=15) | st.just(str(AT)),
)
def test_garbage_never_matches_and_never_breaks(body, header, own, message, at):
    found = examine(endpoint(), body=body, header=header, own_result=own, message_id=message, timestamp=at, now=AT)
    assert found.verdict != "matches"
    assert found.explanation


def every_explanation():
    tables = (table.BODIES, table.TEXTS, table.WLLT_KEYS, table.STANDARD_KEYS, table.METHODS, table.OTHER_SCHEME)
    rows = [table.OLD_KEY, *(row for rows in tables for row in rows)]
    rows += [row for row in vars(readings).values() if isinstance(row, table.Mistake)]
    return {row.code: str(row.explanation) for row in rows} | {code: str(told) for code, told in VERDICTS.items()}


def test_every_code_occurs_in_these_tests():
    source = Path(__file__).read_text()
    assert [code for code in every_explanation() if f'"{code}"' not in source] == []


def test_the_guide_lists_every_code():
    guide = (Path(__file__).parents[2] / "docs" / "partners" / "webhooks.md").read_text()
    section = guide.partition("## The signature clinic")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z0-9_]+)`", section)) - FIELDS == set(every_explanation())


def test_no_answer_holds_a_key_or_a_signature():
    found = [wllt(own, body=body) for _code, own, body in WLLT.values()]
    found += [standard(own) for _code, own in STANDARD.values()]
    found += [wllt(body=body, raw=OURS) for body in SHOWN.values()]
    secret = re.compile(r"[0-9a-fA-F]{16,}|[A-Za-z0-9+/]{24,}=*")
    for one in [*(each.explanation for each in found), *every_explanation().values()]:
        assert not secret.search(one), one
        assert KEY[6:] not in one
        assert KEY[-4:] not in one


def test_explanations_can_be_translated(monkeypatch):
    monkeypatch.setattr("django.utils.translation._trans.gettext", lambda text: f"<{text}>")
    with translation.override("nl"):
        assert wllt().explanation.startswith("<Everything fits")
