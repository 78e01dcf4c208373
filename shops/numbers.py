"""Whole numbers that strangers type: in addresses, forms and headers."""

DIGITS = 18  # what a bigint surely holds


def whole_number(text: str | None) -> int | None:
    """The number that `text` writes in ASCII digits alone; None for anything else, and for more than a key can be.

    Without the limit, thousands of digits would be an error of the server's: Python refuses to read them.
    """
    if text and text.isascii() and text.isdecimal() and len(text) <= DIGITS:
        return int(text)
    return None
