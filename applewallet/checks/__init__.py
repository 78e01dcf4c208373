"""What is wrong with a package, before it is signed: each fault names the field and the cure (apple-wallet.md §A.4).

`faults` has the words for it; `schema` and `words` the JSON Schemas; `passes`, `fields`, `pass_files`, `orders`,
`files` and `common` the rules that no schema can say.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import orjson
from cryptography import x509
from django.utils.translation import gettext as _

from applewallet.checks import common, files, orders, pass_files, passes, schema
from applewallet.checks.faults import Fault, Severity
from applewallet.kinds import PASS, Kind
from applewallet.package import File, strings_file
from shops.errors import InvalidInput


def check(
    kind: Kind,
    content: Mapping[str, Any],
    strings: files.Strings,
    others: Mapping[str, File],
    certificate: x509.Certificate | None = None,
) -> list[Fault]:
    """Everything that is wrong with a package of these parts, errors and warnings; they are `package.build`'s.

    With `certificate` also whether that certificate may sign it. Rules that need a well-formed content file are left
    out until its schema is satisfied.
    """
    try:
        document = orjson.loads(orjson.dumps(content))  # what a phone will read: no NaN, no tuples
    except orjson.JSONEncodeError as error:
        reason = _("It cannot be written as JSON: %(error)s.") % {"error": error}
        return [Fault(kind.content, reason, _("Hold text, numbers, lists and objects only."))]
    found = [_named(fault, kind) for fault in schema.faults(kind.name, document)]
    texts = set(_texts_in([document, *_forms(others)]))
    if not _errors(found):
        found += _rules(kind, document, strings, others)
        if certificate:
            found += common.certificate(kind, document, certificate)
    return [*found, *files.faults(kind, strings, others, texts)]


def ensure(
    kind: Kind,
    content: Mapping[str, Any],
    strings: files.Strings,
    others: Mapping[str, File],
    certificate: x509.Certificate | None = None,
) -> None:
    """Let only packages pass that Wallet accepts. Raises InvalidInput with the reasons and cures by field."""
    errors: dict[str, list[str]] = {}
    for fault in _errors(check(kind, content, strings, others, certificate)):
        errors.setdefault(fault.field, []).append(f"{fault.reason} {fault.cure}")
    if errors:
        raise InvalidInput(errors)


def _errors(found: list[Fault]) -> list[Fault]:
    return [fault for fault in found if fault.severity is Severity.ERROR]


def _named(fault: Fault, kind: Kind) -> Fault:
    """A fault of the whole document is one of its file."""
    return fault if fault.field else Fault(kind.content, fault.reason, fault.cure, fault.severity)


def _rules(
    kind: Kind, document: Mapping[str, Any], strings: files.Strings, others: Mapping[str, File]
) -> Iterator[Fault]:
    yield from common.web_service(kind, document)
    if kind is PASS:
        yield from passes.faults(document, strings)
        yield from pass_files.faults(document, others)
    else:
        yield from orders.faults(document, others)
        texts = [strings_file({key: str(text) for key, text in own.items()}) for own in strings.values()]
        contents = [orjson.dumps(document), *texts, *(file.content for file in others.values())]
        yield from orders.size(sum(map(len, contents)), len(contents))


def _forms(others: Mapping[str, File]) -> Iterator[Any]:
    """Other JSON in the package whose texts may be translated."""
    if files.PERSONALIZATION in others:
        try:
            yield orjson.loads(others[files.PERSONALIZATION].content)
        except orjson.JSONDecodeError:
            return  # pass_files says so


def _texts_in(value: object) -> Iterator[str]:
    """Every text in a document, as any of them may be the key of a translation."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        yield from chain.from_iterable(map(_texts_in, value.values() if isinstance(value, dict) else value))
