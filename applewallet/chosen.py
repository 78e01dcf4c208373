"""A picture that somebody chose in a form and that is not kept yet: whether it will do, and how to show it."""

import base64
import io
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

MOST_BYTES = 5_000_000
MOST_PIXELS = 40_000_000
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")  # what browsers show; Pillow knows others by their content, even programs
SHOWN = (750, 750)  # pixels, at most: twice a pass's width


def check_picture(upload: Any) -> str:
    """A small copy of an uploaded image as a data URI. Raises ValidationError for one that is too large or broken.

    `upload` is what a form's ImageField has cleaned.
    """
    if upload.size > MOST_BYTES:
        raise ValidationError(_("The picture is larger than %d MB.") % (MOST_BYTES // 1_000_000))
    if upload.image.format not in {*FORMATS, "MPO"}:  # how Pillow calls some phones' JPEG
        raise ValidationError(_("Choose a picture in the format PNG, JPEG, GIF or WebP."))
    width, height = upload.image.size
    if width * height > MOST_PIXELS:
        raise ValidationError(_("The picture has more than %d million pixels.") % (MOST_PIXELS // 1_000_000))
    upload.seek(0)
    content = upload.read()
    upload.seek(0)
    try:
        return _small(content)
    except (OSError, SyntaxError, ValueError) as error:  # what Pillow raises for a file that ends too early
        raise ValidationError(_("The picture is broken: choose another one.")) from error


def _small(content: bytes) -> str:
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(content), formats=FORMATS))
    small = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
    small.thumbnail(SHOWN)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=80)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"
