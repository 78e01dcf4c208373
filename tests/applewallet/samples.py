"""Means to make valid content, texts and files of packages, and to spoil them."""

import copy
import io
import re

from PIL import Image

from applewallet.package import File

GONE = object()  # instead of a value: the key is left out
TOKEN = "c29tZS1yYW5kb20tdG9rZW4tMzI"


def every(names, value):
    """Each of these keys with the same value."""
    return {name: copy.deepcopy(value) for name in names.split()}


def changed(document, path, value=GONE):
    """A copy of `document` with another value at `path`, such as `lineItems[0].price.amount`."""
    document = copy.deepcopy(document)
    *steps, last = [int(step) if step.isdecimal() else step for step in re.findall(r"[^.\[\]]+", path)]
    node = document
    for step in steps:
        node = node[step]
    if value is GONE:
        del node[last]
    elif isinstance(last, int) and last == len(node):
        node.append(value)
    else:
        node[last] = value
    return document


def file(content):
    """Bytes as a file of a package; checks do not look at its digest."""
    return File(content, "", 0)


def image(width, height, mode="RGB", form="PNG"):
    """An image of one colour; with the mode RGBA one that is transparent."""
    out = io.BytesIO()
    Image.new(mode, (width, height)).save(out, form)
    return file(out.getvalue())


PDF = file(b"%PDF-1.7\n%%EOF\n")


def scales(name, width, height):
    """The three files of an image whose size is given in points."""
    return {
        f"{name}{suffix}.png": image(width * scale, height * scale)
        for scale, suffix in ((1, ""), (2, "@2x"), (3, "@3x"))
    }
