"""Numbers that strangers type, of any length and in any script."""

import pytest

from shops.numbers import whole_number

LONG = "9" * 5000  # digits; Python reads no more than 4,300


@pytest.mark.parametrize(
    ("text", "number"), [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1), ("9" * 19, None), (LONG, None)]
)
def test_the_length(text, number):
    assert whole_number(text) == number


@pytest.mark.parametrize("text", [None, "", "-1", "+1", "1_0", " 1", "1.0", "1e3", "٣", "²", "x"])
def test_what_is_none(text):
    assert whole_number(text) is None
