"""A brand's colour on our pages, with text that everybody can read on it (WCAG 2.2: contrast of 4.5 at least)."""

from PIL import ImageColor

from applewallet.looks import contrast, readable_on
from shops.models import Brand

LEAST = 4.5
LIGHT_GROUND = "#f6f7f9"  # of walletapp/static/walletapp/page.css: the harder of its two grounds, by scheme
DARK_GROUND = "#1e232b"


def readable(color: str, ground: str) -> str:
    """`color`, moved towards black or white just as far as text in it on `ground` needs."""
    goal = ImageColor.getrgb(readable_on(ground))
    start = ImageColor.getrgb(color)
    for step in range(21):
        mixed = [round(a + (b - a) * step / 20) for a, b in zip(start[:3], goal[:3], strict=True)]
        found = "#{:02x}{:02x}{:02x}".format(*mixed)
        if contrast(found, ground) >= LEAST:
            return found
    return readable_on(ground)


def css_of(brand: Brand) -> str:
    """The custom properties that carry the brand's colour."""
    color = brand.primary_color
    light, dark = readable(color, LIGHT_GROUND), readable(color, DARK_GROUND)
    properties = {
        "brand": color,
        "on-brand": readable_on(color),
        "accent": f"light-dark({light}, {dark})",
        "on-accent": f"light-dark({readable_on(light)}, {readable_on(dark)})",
    }
    return ":root {" + " ".join(f"--{name}: {value};" for name, value in properties.items()) + "}\n"
