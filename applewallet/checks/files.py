"""Rules of the files around the JSON: names, languages, images (apple-wallet.md §A.2, §B.1, §B.4, §B.8)."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from applewallet.checks.faults import Fault, shown, warning
from applewallet.checks.pictures import ATTACHMENTS, PICTURES, name_of, picture_of
from applewallet.kinds import PASS, Kind
from applewallet.package import File

# language[-Script][-REGION] (BCP 47), as Apple names its folders: en, zh-Hans, pt-BR, zh-Hant-HK.
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?", re.ASCII)
LITTER = {"__MACOSX", "Thumbs.db", "desktop.ini"}
PERSONALIZATION = "personalization.json"
MOST_NAMED = 3  # keys in one message

Strings = Mapping[str, Mapping[str, str]]


def faults(kind: Kind, strings: Strings, files: Mapping[str, File], texts: set[str]) -> Iterator[Fault]:
    """What is wrong with the files. `texts` is all that the JSON may show."""
    good = {}
    for path, file in files.items():
        found = list(_path(kind, path)) or list(_bytes(kind, path, file))
        yield from found
        if not found:
            good[path] = file
    languages = list(strings)
    yield from _languages(languages)
    yield from _texts(kind, strings)
    yield from _same_keys(kind, strings, good)
    yield from _same_images(languages, good)
    yield from _unused(kind, strings, texts)


def _path(kind: Kind, path: str) -> Iterator[Fault]:
    steps = path.split("/")
    if any(step in LITTER or step.startswith(".") for step in steps):
        yield Fault(path, _("Wallet refuses packages with files of the operating system."), _("Leave it out."))
    elif "" in steps or "\\" in path:
        cure = _("Write paths from the top of the package, with forward slashes: “en.lproj/logo.png”.")
        yield Fault(path, _("This is no path inside a package."), cure)
    elif path in {"manifest.json", "signature", kind.content} or steps[-1] == kind.strings:
        yield Fault(path, _("The builder writes this file itself."), _("Leave it out."))
    elif len(steps) > 1 and not (len(steps) == 2 and steps[0].endswith(".lproj")):  # noqa: PLR2004 -- folder and file
        reason = _("Wallet looks at the top of the package and into folders of languages only.")
        yield Fault(path, reason, _("Move it to the top, or into “en.lproj”."))
    elif len(steps) > 1:
        yield from _language(steps[0].removesuffix(".lproj"), path)


def _bytes(kind: Kind, path: str, file: File) -> Iterator[Fault]:
    extension = name_of(path).extension
    if kind is PASS and path == PERSONALIZATION:
        return
    if extension not in ({"png"} if kind is PASS else ATTACHMENTS):
        cure = _("Convert it to PNG.") if kind is PASS else _("Convert it to PNG, JPEG or PDF.")
        yield Fault(path, _("Wallet does not open files of this kind."), cure)
    elif extension == "pdf":
        if not file.content.startswith(b"%PDF-"):
            yield Fault(path, _("This is no PDF document."), _("Export it again as PDF."))
    else:
        yield from _image(path, file, PICTURES[extension])


def _image(path: str, file: File, wanted: str) -> Iterator[Fault]:
    picture = picture_of(file.content)
    if picture is None:
        reason = _("This is no PNG or JPEG image, or it is broken or larger than 25 megapixels.")
        yield Fault(path, reason, _("Export it again as %(format)s.") % {"format": wanted})
    elif picture.format != wanted:
        reason = _("This is a %(found)s image under a name for %(wanted)s.")
        cure = _("Rename the file, or convert it to %(format)s.") % {"format": wanted}
        yield Fault(path, reason % {"found": picture.format, "wanted": wanted}, cure)


def _languages(languages: list[str]) -> Iterator[Fault]:
    for language in languages:
        yield from _language(language, f"{language}.lproj")


def _language(language: str, field: str) -> Iterator[Fault]:
    if LANGUAGE.fullmatch(language):
        return
    first, *others = re.split("[-_]", language)
    guess = "-".join([first.lower(), *(one.title() if len(one) > 3 else one.upper() for one in others)])  # noqa: PLR2004 -- scripts have four letters
    guess = guess if LANGUAGE.fullmatch(guess) else "en, zh-Hans, pt-BR"
    reason = _("“%(language)s” is no name of a language as Apple writes them.") % {"language": language}
    yield Fault(field, reason, _("Write it like this: %(guess)s.") % {"guess": guess})


def _texts(kind: Kind, strings: Strings) -> Iterator[Fault]:
    for language, own in strings.items():
        for key, text in own.items():
            if not isinstance(text, str):
                reason = _("“%(key)s” is %(value)s, and no text.") % {"key": key, "value": shown(text)}
                yield Fault(f"{language}.lproj/{kind.strings}", reason, _("Write it in quotes."))


def _same_keys(kind: Kind, strings: Strings, files: Mapping[str, File]) -> Iterator[Fault]:
    """Each language has the same texts; otherwise some phones show the key instead of a text."""
    keys = {key for texts in strings.values() for key in texts}
    folders = {name_of(path).folder.removesuffix(".lproj") for path in files} - {""}
    for language in [*strings, *sorted(folders - strings.keys())]:
        missing = sorted(keys - strings.get(language, {}).keys())
        if missing:
            names = ", ".join(missing[:MOST_NAMED]) + ("…" if len(missing) > MOST_NAMED else "")
            reason = _("Other languages have texts that are missing here: %(keys)s.") % {"keys": names}
            yield Fault(f"{language}.lproj/{kind.strings}", reason, _("Give every language the same keys."))


def _same_images(languages: list[str], files: Mapping[str, File]) -> Iterator[Fault]:
    """Each language has the same images, and none of them lies at the top too, where it would win."""
    by_folder: dict[str, set[str]] = defaultdict(set)
    for path in files:
        by_folder[name_of(path).folder].add(name_of(path).file)
    top = {name_of(file).base for file in by_folder.pop("", set())}
    localised = {file for names in by_folder.values() for file in names}
    for folder in sorted({f"{language}.lproj" for language in languages} | by_folder.keys()):
        for file in sorted(localised - by_folder.get(folder, set())):
            reason = _("Another language has this image, and this one has not.")
            yield Fault(f"{folder}/{file}", reason, _("Give every language the same images in the same sizes."))
        for file in sorted(by_folder.get(folder, set())):
            if name_of(file).base in top:
                reason = _("An image of this name lies at the top of the package and is shown instead.")
                yield warning(f"{folder}/{file}", reason, _("Keep it at the top or in the languages, not both."))


def _unused(kind: Kind, strings: Strings, texts: set[str]) -> Iterator[Fault]:
    for language, own in strings.items():
        for key in own:
            if key not in texts:
                reason = _("%(content)s shows “%(key)s” nowhere.") % {"content": kind.content, "key": key}
                cure = _("Leave the key out, or use it as a value.")
                yield warning(f"{language}.lproj/{kind.strings}", reason, cure)
        return  # the others have the same keys, or were told
