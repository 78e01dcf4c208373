"""The demo's pictures: drawn of circles, rings, slices and bars in a brand's colour, so that none has to be shipped.

A shape is (kind, x, y, size, part, shade), and `kind` a method of Pen. Places and sizes are hundredths of the picture's
height; `part` is the width of a ring, the height of a bar, the degrees of a slice or a spoke; `shade` goes from 0 (the
brand's colour, darkened) to 4 (nearly white). Each is drawn over those before it.
"""

import io
import math

from PIL import Image, ImageColor, ImageDraw

COUPON = (960, 640)  # pixels; shops show 3:2
LOGO = (384, 384)
FINER = 2  # drawn so many times larger, and made smaller: Pillow's shapes have hard edges
MIXES = [("#14110f", 0.35), ("#ffffff", 0.0), ("#ffffff", 0.42), ("#ffffff", 0.74), ("#ffffff", 0.9)]
Color = tuple[int, ...]
Shape = tuple[str, float, float, float, float, int]

WHEEL: list[Shape] = [("ring", 75, 52, 38, 5, 0), *[("spoke", 75, 52, 34, at * 30, 2) for at in range(6)]]
LATTICE: list[Shape] = [("bar", 75, 30 + 11 * at, 66 - 9 * abs(at - 2), 3, 1) for at in range(5)]
LATTICE += [("post", 53 + 11 * at, 52, 66 - 9 * abs(at - 2), 3, 1) for at in range(5)]
CUPS: list[Shape] = [("disc", 15 + 30 * at, 50, 13, 0, 4) for at in range(5)]
CUPS += [("disc", 15 + 30 * at, 50, 10, 0, (0, 1, 0, 1, 2)[at]) for at in range(5)]
PLACES = [(30, 26), (62, 16), (96, 24), (124, 38), (50, 44), (84, 42)]
BEANS: list[Shape] = [("bean", x, y, 12, 1.2, 3) for x, y in PLACES]
DRAWN: dict[str, tuple[int, list[Shape]]] = {  # title -> shade of the ground, shapes
    "Cappuccino": (
        3,
        [
            ("disc", 75, 54, 42, 0, 4),
            ("bar", 112, 48, 22, 12, 4),
            ("disc", 75, 54, 31, 0, 0),
            ("disc", 75, 54, 27, 0, 2),
            ("disc", 68, 48, 9, 0, 4),
            ("disc", 82, 48, 9, 0, 4),
            ("tip", 75, 50.5, 17.5, 0, 4),
        ],
    ),
    "Breakfast for two": (
        2,
        [
            ("disc", 46, 58, 31, 0, 4),
            ("disc", 106, 58, 31, 0, 4),
            ("ring", 46, 58, 25, 1, 3),
            ("ring", 106, 58, 25, 1, 3),
            ("disc", 42, 56, 12, 0, 3),
            ("disc", 42, 56, 6, 0, 1),
            ("bar", 52, 66, 18, 5, 1),
            ("bar", 106, 52, 30, 7, 0),
            ("bar", 106, 62, 30, 7, 1),
            ("disc", 76, 18, 11, 0, 4),
            ("disc", 76, 18, 8, 0, 0),
        ],
    ),
    "Apple pie, whole": (
        3,
        [
            ("disc", 75, 52, 42, 0, 1),
            ("disc", 75, 52, 36, 0, 2),
            *LATTICE,
            ("ring", 75, 52, 42, 6, 0),
            ("slice", 75, 52, 44, 38, 3),
        ],
    ),
    "Barista course": (1, [("disc", 75, 120, 84, 0, 0), ("disc", 75, 126, 78, 0, 2), *BEANS]),
    "Tasting of five beans": (3, [*CUPS, ("bar", 75, 78, 150, 3, 2), ("bar", 75, 22, 150, 3, 2)]),
    "Tin of loose tea": (
        2,
        [
            ("bar", 75, 60, 52, 62, 0),
            ("bar", 75, 26, 56, 10, 1),
            ("bar", 75, 62, 52, 30, 4),
            ("disc", 75, 62, 10, 0, 1),
            ("disc", 70, 60, 7, 0, 3),
            ("disc", 118, 84, 7, 0, 1),
            ("disc", 132, 80, 5, 0, 0),
            ("disc", 28, 82, 6, 0, 1),
        ],
    ),
    "Small service": (3, [*WHEEL, ("disc", 75, 52, 9, 0, 1), ("disc", 75, 52, 4, 0, 4)]),
    "Inner tube": (2, [("ring", 75, 50, 37, 12, 0), ("ring", 75, 50, 33, 2, 1), ("bar", 75, 80, 4, 14, 4)]),
    "Day hire, city bike": (
        3,
        [
            ("disc", 120, 20, 10, 0, 4),
            ("disc", 30, 130, 62, 0, 2),
            ("disc", 120, 140, 70, 0, 2),
            ("ring", 47, 66, 21, 3, 0),
            ("ring", 105, 66, 21, 3, 0),
            ("bar", 74, 40, 46, 3, 1),
            ("post", 96, 50, 30, 3, 1),
            ("bar", 75, 65, 56, 3, 1),
            ("post", 60, 48, 34, 3, 1),
            ("bar", 59, 31, 14, 4, 0),
            ("bar", 100, 33, 14, 3, 0),
        ],
    ),
}
LOGOS: dict[str, tuple[int, list[Shape]]] = {
    "cafe-noord": (1, [("disc", 37, 40, 15, 0, 4), ("disc", 63, 40, 15, 0, 4), ("tip", 50, 48.5, 28.5, 0, 4)]),
    "velo-works": (
        1,
        [
            ("ring", 50, 50, 34, 7, 4),
            ("disc", 50, 50, 9, 0, 4),
            *[("spoke", 50, 50, 30, 60 * at, 4) for at in range(3)],
        ],
    ),
}


def coupon_picture(title: str, color: str) -> bytes:
    """The picture of the demo's coupon with this title, as a PNG."""
    return _drawn(COUPON, color, *DRAWN[title])


def logo(slug: str, color: str) -> bytes:
    """The logo of the demo's brand, as a PNG."""
    return _drawn(LOGO, color, *LOGOS[slug])


def shades(color: str) -> list[Color]:
    """From the dark to nearly white."""
    found = []
    for other, share in MIXES:
        pairs = zip(ImageColor.getrgb(color)[:3], ImageColor.getrgb(other)[:3], strict=True)
        found.append(tuple(round(one + (two - one) * share) for one, two in pairs))
    return found


class Pen:
    """Draws shapes on one image."""

    def __init__(self, image: Image.Image) -> None:
        self.draw = ImageDraw.Draw(image)
        self.unit = image.height / 100

    def shape(self, shape: Shape, colors: list[Color]) -> None:
        """Draw one."""
        kind, x, y, size, part, shade = shape
        getattr(self, kind)(*(one * self.unit for one in (x, y, size)), part, colors[shade])

    def disc(self, x: float, y: float, radius: float, _part: float, color: Color) -> None:
        """A filled circle."""
        self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color)

    def ring(self, x: float, y: float, radius: float, part: float, color: Color) -> None:
        """A circle's line, `part` wide."""
        box = (x - radius, y - radius, x + radius, y + radius)
        self.draw.ellipse(box, outline=color, width=round(part * self.unit))

    def slice(self, x: float, y: float, radius: float, part: float, color: Color) -> None:
        """A slice of `part` degrees, from the right upwards."""
        self.draw.pieslice((x - radius, y - radius, x + radius, y + radius), -part, 0, fill=color)

    def bar(self, x: float, y: float, width: float, part: float, color: Color) -> None:
        """A rounded bar, `part` high."""
        half = part * self.unit / 2
        box = (x - width / 2, y - half, x + width / 2, y + half)
        self.draw.rounded_rectangle(box, min(half, 3 * self.unit), fill=color)

    def post(self, x: float, y: float, height: float, part: float, color: Color) -> None:
        """A rounded bar that stands, `part` wide."""
        half = part * self.unit / 2
        self.draw.rounded_rectangle((x - half, y - height / 2, x + half, y + height / 2), half, fill=color)

    def tip(self, x: float, y: float, reach: float, _part: float, color: Color) -> None:
        """A triangle that points down, a heart's lower half."""
        self.draw.polygon([(x - reach * 0.9, y), (x + reach * 0.9, y), (x, y + reach)], fill=color)

    def bean(self, x: float, y: float, reach: float, part: float, color: Color) -> None:
        """An ellipse with a seam that is `part` wide."""
        self.draw.ellipse((x - reach, y - reach * 0.66, x + reach, y + reach * 0.66), fill=color)
        seam = (x - reach * 0.7, y - reach * 0.5, x + reach * 0.7, y + reach * 0.9)
        self.draw.arc(seam, 205, 335, fill="#3a2a20", width=round(part * self.unit))

    def spoke(self, x: float, y: float, radius: float, part: float, color: Color) -> None:
        """A diameter at `part` degrees."""
        side, up = radius * math.cos(math.radians(part)), radius * math.sin(math.radians(part))
        self.draw.line((x - side, y - up, x + side, y + up), fill=color, width=round(1.2 * self.unit))


def _drawn(size: tuple[int, int], color: str, ground: int, shapes: list[Shape]) -> bytes:
    colors = shades(color)
    image = Image.new("RGB", (size[0] * FINER, size[1] * FINER), colors[ground])
    pen = Pen(image)
    for shape in shapes:
        pen.shape(shape, colors)
    file = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).quantize(64).save(file, "PNG", optimize=True)
    return file.getvalue()
