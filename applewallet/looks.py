"""A brand's colours and images as Apple wants them (apple-wallet.md §A.2, §B.2, §B.4)."""

import io
from collections.abc import Callable
from typing import Any

from PIL import EpsImagePlugin, Image, ImageColor, ImageDraw, ImageFont, ImageOps

from applewallet.images import image_with
from applewallet.models import Design
from shops.models import Brand

SCALES = {"": 1, "@2x": 2, "@3x": 3}
ICON = (38, 38)  # points; a pixel or more each, by scale
LOGO = (160, 50)
STRIP = (375, 144)
PRODUCT = (300, 300)  # pixels, opaque
EpsImagePlugin.gs_binary = False  # a picture is no program: Pillow would have Ghostscript run it, whatever its name
Size = tuple[int, int]


def design_of(brand: Brand) -> Design:
    """The brand's design; an empty one follows the brand."""
    return Design.objects.filter(brand=brand).first() or Design(brand=brand)


def rgb(color: str) -> str:
    """Apple's way to write a colour, which knows no #1f4e79."""
    red, green, blue = ImageColor.getrgb(color)[:3]
    return f"rgb({red}, {green}, {blue})"


def luminance(color: str) -> float:
    """Relative luminance, from 0 to 1 (WCAG 2.2)."""
    parts = [value / 255 for value in ImageColor.getrgb(color)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004 -- the standard's
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable_on(color: str) -> str:
    """White or black, whichever stands out more on `color` (WCAG 2.2 contrast)."""
    light = luminance(color)
    return "#000000" if (light + 0.05) / 0.05 > 1.05 / (light + 0.05) else "#ffffff"


def colors_of(brand: Brand, design: Design) -> dict[str, str]:
    """The three colours of a pass."""
    background = design.background_color or brand.primary_color
    foreground = design.foreground_color or readable_on(background)
    return {
        "backgroundColor": rgb(background),
        "foregroundColor": rgb(foreground),
        "labelColor": rgb(design.label_color or foreground),
    }


def icons(brand: Brand) -> dict[str, int]:
    """icon.png in three scales: the logo, or the brand's first letter on its colour."""
    return _scaled(brand, "icon", ICON, brand.logo, _squared)


def logos(brand: Brand) -> dict[str, int]:
    """logo.png in three scales; none without a logo."""
    return _scaled(brand, "logo", LOGO, brand.logo, _within) if brand.logo else {}


def strips(brand: Brand, picture: Any) -> dict[str, int]:
    """strip.png in three scales, cut from a coupon's picture; none without one."""
    return _scaled(brand, "strip", STRIP, picture, _covering) if picture else {}


def product_image(brand: Brand, name: str, picture: Any) -> dict[str, int]:
    """A square image of an order's merchant or line item under the file name `name`, opaque."""
    key = f"{name} {picture.name}" if picture else _letter_key(brand, name)

    def make() -> bytes:
        return _png(_squared(picture, PRODUCT) if picture else _letter(brand, PRODUCT))

    return {name: image_with(brand, key[:200], make)}


def _scaled(
    brand: Brand, name: str, points: Size, picture: Any, cut: Callable[[Any, Size], Image.Image]
) -> dict[str, int]:
    files = {}
    for suffix, scale in SCALES.items():
        size = (points[0] * scale, points[1] * scale)
        file = f"{name}{suffix}.png"
        key = f"{file} {picture.name}" if picture else _letter_key(brand, file)

        def make(size: Size = size) -> bytes:
            return _png(cut(picture, size) if picture else _letter(brand, size))

        files[file] = image_with(brand, key[:200], make)
    return files


def _letter_key(brand: Brand, file: str) -> str:
    return f"{file} letter {brand.name[:1]} {brand.primary_color}"


def _opened(picture: Any) -> Image.Image:
    with picture.open("rb") as file:
        return ImageOps.exif_transpose(Image.open(io.BytesIO(file.read()))).convert("RGBA")


def _within(picture: Any, size: Size) -> Image.Image:
    """The whole picture, as large as fits; a logo may be narrower than its place."""
    return ImageOps.contain(_opened(picture), size)


def _covering(picture: Any, size: Size) -> Image.Image:
    return ImageOps.fit(_opened(picture), size)


def _squared(picture: Any, size: Size) -> Image.Image:
    """The whole picture on white: icons and products must not be transparent."""
    inner = _within(picture, size)
    whole = Image.new("RGBA", size, "white")
    whole.alpha_composite(inner, ((size[0] - inner.width) // 2, (size[1] - inner.height) // 2))
    return whole.convert("RGB")


def _letter(brand: Brand, size: Size) -> Image.Image:
    image = Image.new("RGB", size, brand.primary_color)
    font = ImageFont.load_default(size=size[1] * 0.6)
    middle = (size[0] / 2, size[1] / 2)
    ink = readable_on(brand.primary_color)
    ImageDraw.Draw(image).text(middle, brand.name[:1].upper(), fill=ink, font=font, anchor="mm")
    return image


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()
