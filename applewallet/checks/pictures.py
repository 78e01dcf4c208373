"""Files of a package: their names, and what is in the images (apple-wallet.md §A.2, §B.4)."""

import io
import re
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

PICTURES = {"png": "PNG", "jpg": "JPEG", "jpeg": "JPEG"}  # extensions, and what Pillow calls them
ATTACHMENTS = {*PICTURES, "pdf"}
MOST_PIXELS = 25_000_000
NAME = re.compile(r"(?:(?P<folder>.*)/)?(?P<base>.+?)(?:@(?P<scale>[23])x)?(?:\.(?P<extension>[^./]*))?")
BROKEN = (OSError, SyntaxError, ValueError, struct.error, zlib.error)
BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Name:
    """The parts of `en.lproj/logo@2x.png`: folder, base, scale and extension."""

    folder: str
    base: str
    scale: int
    extension: str
    file: str  # without the folder

    def is_meant_by(self, text: str) -> bool:
        """Whether an order that says `logo` or `logo.png` means this file."""
        return text in {self.file, self.base}


@lru_cache(maxsize=4096)
def name_of(path: str) -> Name:
    """The parts of a path inside a package."""
    found = NAME.fullmatch(path)
    if found is None:  # ends with a slash, or has line breaks
        return Name("", path, 1, "", path)
    extension = (found["extension"] or "").lower()
    file = path.rpartition("/")[2]
    return Name(found["folder"] or "", found["base"], int(found["scale"] or 1), extension, file)


@dataclass(frozen=True, slots=True)
class Picture:
    """What matters of an image. Sizes are in pixels."""

    format: str
    width: int
    height: int
    is_opaque: bool


@lru_cache(maxsize=512)
def picture_of(content: bytes) -> Picture | None:
    """What an image is; None if it is broken, too large, or neither PNG nor JPEG. Each is decoded once."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            image.load()
            return Picture(str(image.format), image.width, image.height, _is_opaque(image))
    except (*BROKEN, *BOMB):
        return None


def _is_opaque(image: Image.Image) -> bool:
    if not image.has_transparency_data:
        return True
    lowest, _highest = image.convert("RGBA").getchannel("A").getextrema()
    return lowest == 255  # noqa: PLR2004 -- nothing shines through
