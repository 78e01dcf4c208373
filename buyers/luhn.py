"""What makes digits a card number (ISO/IEC 7812-1)."""

CARD_DIGITS = range(13, 20)  # how many it has


def is_luhn(digits: str) -> bool:
    """Whether the last digit fits the others (ISO/IEC 7812-1, annex B)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0
