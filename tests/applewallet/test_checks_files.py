"""Names of files and languages in a package, and what is in the files (apple-wallet.md §A.2, §B.8)."""

import struct
import zlib

import pytest

from applewallet.checks import check
from applewallet.kinds import ORDER, PASS
from tests.applewallet.judging import LEAVE_OUT, errors, warnings
from tests.applewallet.sample_orders import ALL_ORDER_FILES, ORDER_FILES, everything_of_an_order
from tests.applewallet.sample_orders import ORDER as AN_ORDER
from tests.applewallet.sample_passes import GENERIC, PASS_FILES, a_pass
from tests.applewallet.samples import PDF, changed, file, image, scales

LITTER = ("Wallet refuses packages with files of the operating system.", LEAVE_OUT)
NO_PATH = (
    "This is no path inside a package.",
    "Write paths from the top of the package, with forward slashes: “en.lproj/logo.png”.",
)
OURS = ("The builder writes this file itself.", LEAVE_OUT)
FOLDER = (
    "Wallet looks at the top of the package and into folders of languages only.",
    "Move it to the top, or into “en.lproj”.",
)
OTHER_KIND = ("Wallet does not open files of this kind.", "Convert it to PNG.")
BROKEN = ("This is no PNG or JPEG image, or it is broken or larger than 25 megapixels.", "Export it again as PNG.")
PICTURE = image(38, 38)
ENCODED = PICTURE.content


def huge_png():
    """An image that says of itself that it is 100,000 pixels wide and high."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return file(b"\x89PNG\r\n\x1a\n" + chunk)


PATHS = [
    (".DS_Store", PICTURE, *LITTER),
    ("en.lproj/.DS_Store", PICTURE, *LITTER),
    ("__MACOSX/icon.png", PICTURE, *LITTER),
    ("/logo.png", PICTURE, *NO_PATH),
    ("../logo.png", PICTURE, *LITTER),
    ("en.lproj\\logo.png", PICTURE, *NO_PATH),
    ("en.lproj/", PICTURE, *NO_PATH),
    ("manifest.json", file(b"{}"), *OURS),
    ("signature", file(b"x"), *OURS),
    ("pass.json", file(b"{}"), *OURS),
    ("en.lproj/pass.strings", file(b"x"), *OURS),
    ("images/logo.png", PICTURE, *FOLDER),
    ("en.lproj/images/logo.png", PICTURE, *FOLDER),
    ("logo.svg", file(b"<svg/>"), *OTHER_KIND),
    ("logo.jpg", image(160, 50, form="JPEG"), *OTHER_KIND),
    ("logo", PICTURE, *OTHER_KIND),
    ("logo.png", file(b""), *BROKEN),
    ("logo.png", file(b"no image"), *BROKEN),
    ("logo.png", file(ENCODED[: len(ENCODED) // 2]), *BROKEN),
    ("logo.png", huge_png(), *BROKEN),
    ("logo.png", image(5001, 5000, "1"), *BROKEN),
    (
        "logo.png",
        image(160, 50, form="JPEG"),
        "This is a JPEG image under a name for PNG.",
        "Rename the file, or convert it to PNG.",
    ),
]


@pytest.mark.parametrize(("path", "content", "reason", "cure"), PATHS)
def test_a_file_that_does_not_belong_in_a_pass(path, content, reason, cure):
    found = check(PASS, GENERIC, {}, {**scales("icon", 38, 38), path: content})
    assert errors(found) == [(path, reason, cure)]


ORDER_PATHS = [
    ("order.json", file(b"{}"), *OURS),
    ("receipt.docx", file(b"x"), "Wallet does not open files of this kind.", "Convert it to PNG, JPEG or PDF."),
    ("receipt.pdf", file(b"<html>"), "This is no PDF document.", "Export it again as PDF."),
    (
        "receipt.jpeg",
        PICTURE,
        "This is a PNG image under a name for JPEG.",
        "Rename the file, or convert it to JPEG.",
    ),
]


@pytest.mark.parametrize(("path", "content", "reason", "cure"), ORDER_PATHS)
def test_a_file_that_does_not_belong_in_an_order(path, content, reason, cure):
    order = changed(AN_ORDER, "payment.transactions[0].receipt", path)
    found = [one for one in errors(check(ORDER, order, {}, {**ORDER_FILES, path: content})) if one[0] == path]
    assert found == [(path, reason, cure)]


@pytest.mark.parametrize("path", ["receipt.pdf", "receipt.PNG", "receipt.jpg"])
def test_receipts_are_documents_or_images(path):
    content = {"receipt.pdf": PDF, "receipt.PNG": PICTURE, "receipt.jpg": image(10, 10, form="JPEG")}[path]
    order = changed(AN_ORDER, "payment.transactions[0].receipt", path)
    assert errors(check(ORDER, order, {}, {**ORDER_FILES, path: content})) == []


# Languages.

TEXTS = {"Coffee": "x"}
LANGUAGES = [
    ("pt_BR", "pt-BR"),
    ("EN", "en"),
    ("zh-hans", "zh-Hans"),
    ("nl-nl", "nl-NL"),
    ("English", "en, zh-Hans, pt-BR"),
]


@pytest.mark.parametrize(("language", "right"), LANGUAGES)
def test_languages_are_called_as_apple_calls_them(language, right):
    reason = f"“{language}” is no name of a language as Apple writes them."
    cure = f"Write it like this: {right}."
    found = check(PASS, a_pass("generic"), {language: TEXTS}, PASS_FILES)
    assert errors(found) == [(f"{language}.lproj", reason, cure)]
    path = f"{language}.lproj/logo@2x.png"
    found = check(PASS, a_pass("generic"), {}, {**scales("icon", 38, 38), path: PICTURE})
    assert errors(found) == [(path, reason, cure)]


@pytest.mark.parametrize("language", ["en", "nl", "zh-Hans", "pt-BR", "zh-Hant-HK", "es-419", "fil"])
def test_languages_of_apple(language):
    assert check(PASS, a_pass("generic"), {language: TEXTS}, PASS_FILES) == []


def test_every_language_has_the_same_keys():
    order = changed(everything_of_an_order(), "returns[0].notes", "b")
    strings = {"en": {"on_its_way": "On its way", "b": "B"}, "nl": {"on_its_way": "Onderweg"}, "fr": {}}
    cure = "Give every language the same keys."
    assert errors(check(ORDER, order, strings, ALL_ORDER_FILES)) == [
        ("nl.lproj/order.strings", "Other languages have texts that are missing here: b.", cure),
        ("fr.lproj/order.strings", "Other languages have texts that are missing here: b, on_its_way.", cure),
    ]


def test_a_language_with_images_has_texts_too():
    files = {**scales("icon", 38, 38), "en.lproj/logo.png": PICTURE, "nl.lproj/logo.png": PICTURE}
    assert errors(check(PASS, a_pass("generic"), {"en": TEXTS}, files)) == [
        (
            "nl.lproj/pass.strings",
            "Other languages have texts that are missing here: Coffee.",
            "Give every language the same keys.",
        )
    ]


def test_every_language_has_the_same_images():
    files = {
        **scales("icon", 38, 38),
        "en.lproj/logo.png": PICTURE,
        "en.lproj/logo@2x.png": PICTURE,
        "fr.lproj/logo.png": PICTURE,
    }
    strings = dict.fromkeys(("en", "fr", "nl"), TEXTS)
    reason = "Another language has this image, and this one has not."
    cure = "Give every language the same images in the same sizes."
    assert errors(check(PASS, a_pass("generic"), strings, files)) == [
        ("fr.lproj/logo@2x.png", reason, cure),
        ("nl.lproj/logo.png", reason, cure),
        ("nl.lproj/logo@2x.png", reason, cure),
    ]


def test_an_image_at_the_top_hides_those_of_the_languages():
    files = {**PASS_FILES, "en.lproj/logo@2x.png": PICTURE}
    found = check(PASS, a_pass("generic"), {}, files)
    assert errors(found) == []
    assert warnings(found) == [
        (
            "en.lproj/logo@2x.png",
            "An image of this name lies at the top of the package and is shown instead.",
            "Keep it at the top or in the languages, not both.",
        )
    ]


def test_texts_that_nothing_shows_are_a_warning():
    strings = {"en": {"Coffee": "Coffee", "tea": "Tea"}, "nl": {"Coffee": "Koffie", "tea": "Thee"}}
    found = check(PASS, a_pass("generic"), strings, PASS_FILES)
    assert errors(found) == []
    assert warnings(found) == [
        ("en.lproj/pass.strings", "pass.json shows “tea” nowhere.", "Leave the key out, or use it as a value.")
    ]


def test_a_text_is_text():
    found = check(PASS, a_pass("generic"), {"en": {"Coffee": 5}}, PASS_FILES)
    assert errors(found) == [("en.lproj/pass.strings", "“Coffee” is “5”, and no text.", "Write it in quotes.")]
