"""E-mail addresses where not everybody may read them."""


def masked(email: str) -> str:
    """First and last character of the name, four bullets between, the domain in full (buyer-wallet.md §A.6)."""
    name, _at, domain = email.rpartition("@")
    last = name[-1] if len(name) > 1 else ""
    return f"{name[:1]}••••{last}@{domain}"
