"""Images of packages, kept in memory once read: the same logo is in every package of a brand."""

import hashlib
import zlib
from collections.abc import Callable, Mapping
from functools import lru_cache

from applewallet.kinds import PASS, Kind
from applewallet.models import Image
from applewallet.package import File
from shops.models import Brand

MOST_BYTES = 1_000_000


def image_with(brand: Brand, key: str, make: Callable[[], bytes]) -> int:
    """The primary key of the brand's image `key`; made now if there is none. One key is one image for ever."""
    found = brand.images.filter(key=key).values_list("pk", flat=True).first()
    if found is not None:
        return found
    content = make()
    image = Image(
        brand=brand,
        key=key,
        content=content,
        sha1=hashlib.sha1(content, usedforsecurity=False).hexdigest(),  # Apple's choice for passes
        sha256=hashlib.sha256(content).hexdigest(),
    )
    brand.images.bulk_create([image], ignore_conflicts=True)  # two at once make one
    return brand.images.values_list("pk", flat=True).get(key=key)


@lru_cache(maxsize=512)
def _read(pk: int, kind: Kind) -> File:
    image = Image.objects.get(pk=pk)
    content = bytes(image.content)
    return File(content, image.sha1 if kind is PASS else image.sha256, zlib.crc32(content))


def files_of(kind: Kind, images: Mapping[str, int]) -> dict[str, File]:
    """The files of a package's images, by name."""
    return {name: _read(pk, kind) for name, pk in images.items()}
