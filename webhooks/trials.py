"""Every digest that mistakes lead to, for the clinic to compare with."""

from collections.abc import Iterator

from webhooks.encodings import LONGEST_JSON
from webhooks.mistakes import BODIES, METHODS, STANDARD_KEYS, TEXTS, WLLT_KEYS, Message, Mistake, right


def trials(key: str, message: Message) -> Iterator[tuple[tuple[Mistake, ...], bytes]]:
    """Digests as they come of no mistake, of each one, and of each two that go together; simple ones first."""
    table = STANDARD_KEYS if message.standard else WLLT_KEYS
    keys = [((), message.secret(key)), *(((mistake,), form) for mistake in table for form in mistake.make(key))]
    texts = _texts(message)
    methods = [((), _as_it_should_be), *(((mistake,), mistake.make) for mistake in METHODS)]
    for count in range(3 if len(message.body) <= LONGEST_JSON else 2):
        for of_key, secret in keys:
            for of_text, text in texts:
                if len(of_key) + len(of_text) > count:
                    continue
                for of_method, make in methods:
                    if len(of_key) + len(of_text) + len(of_method) == count:
                        yield from (((*of_key, *of_text, *of_method), digest) for digest in make(secret, text))


def _as_it_should_be(secret: bytes, text: bytes) -> list[bytes]:
    return [right(secret, text)]


def _texts(message: Message) -> list[tuple[tuple[Mistake, ...], bytes]]:
    """Each text that may have been signed, once, with the fewest mistakes that lead to it."""
    bodies = [((), message.body), *(((one,), body) for one in BODIES for body in one.make(message.body))]
    found: dict[bytes, tuple[Mistake, ...]] = {}
    for mistakes, body in bodies:
        found.setdefault(message.content(body), mistakes)
    if message.standard:
        for mistakes, body in bodies:
            for one in TEXTS:
                for text in one.make(message, body):
                    found.setdefault(text, (one, *mistakes))
    return [(mistakes, text) for text, mistakes in found.items()]
