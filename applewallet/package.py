"""Build packages: a manifest of digests, its signature, and a zip of it all (apple-wallet.md §A.4, §B.8)."""

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from applewallet.kinds import Kind
from applewallet.signing import Signer
from applewallet.zips import Entry, zipped

# Compressed already, or without any pattern: packing them again costs ten times the rest.
PACKED = (".png", ".jpg", ".jpeg", ".pdf", ".pkpass", "signature")
MOST_IN_BUNDLE = 10  # passes in a .pkpasses


@dataclass(frozen=True, slots=True)
class File:
    """Bytes of a package, with their digest in hex by the manifest's algorithm, and the CRC-32 that a zip wants."""

    content: bytes
    digest: str
    crc: int


def file_of(kind: Kind, content: bytes) -> File:
    """A file that is made for one package only."""
    return File(content, hashlib.new(kind.digest, content, usedforsecurity=False).hexdigest(), zlib.crc32(content))


def strings_file(texts: Mapping[str, str]) -> bytes:
    """A language's texts as Apple reads them: UTF-16 with a byte order mark (apple-wallet.md §A.2)."""
    lines = (f'"{_escaped(key)}" = "{_escaped(text)}";\n' for key, text in sorted(texts.items()))
    return ("\ufeff" + "".join(lines)).encode("utf-16-le")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "\n").replace("\n", "\\n")


def build(
    kind: Kind,
    content: Mapping[str, Any],
    strings: Mapping[str, Mapping[str, str]],
    others: Mapping[str, File],
    signer: Signer,
) -> bytes:
    """The package: `content` as its JSON, `strings` by language, images and all `others` by file name, signed."""
    files = dict(others)
    files[kind.content] = file_of(kind, orjson.dumps(content))
    for language, texts in strings.items():
        files[f"{language}.lproj/{kind.strings}"] = file_of(kind, strings_file(texts))
    manifest = orjson.dumps({name: files[name].digest for name in sorted(files)})
    entries = [Entry(name, file.content, file.crc, name.endswith(PACKED)) for name, file in files.items()]
    return zipped([*entries, _entry("manifest.json", manifest), _entry("signature", signer.sign(manifest))])


def _entry(name: str, content: bytes) -> Entry:
    return Entry(name, content, zlib.crc32(content), name.endswith(PACKED))


def bundle(passes: Iterable[bytes]) -> bytes:
    """Several passes in one file to add at once, `.pkpasses`. The bundle itself is not signed."""
    return zipped(_entry(f"{number}.pkpass", content) for number, content in enumerate(passes, 1))
