"""The two JSON Schemas, compiled once, and what they find, in our words (apple-wallet.md §A.3, §B.2-§B.7, §B.9)."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError

from applewallet.checks import words
from applewallet.checks.faults import Fault

FOLDER = Path(__file__).resolve().parent.parent / "schemas"
TEXT = {"type": "string"}  # any text: the most common schema by far, told by its identity

FORMATS = FormatChecker(["date-time", "uuid"])


@FORMATS.checks("uri")
def _is_absolute_url(text: object) -> bool:
    if not isinstance(text, str):
        return True
    if not text.isascii() or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        rest = parts.hostname if parts.scheme in {"http", "https"} else parts.netloc or parts.path
    except ValueError:
        return False
    return bool(parts.scheme and rest)


@FORMATS.checks("w3c-date-time")
def _is_moment(text: object) -> bool:
    """The form is the pattern's business; this finds the 31st of February."""
    try:
        return not isinstance(text, str) or bool(datetime.fromisoformat(text))
    except ValueError:
        return False


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """A pattern as JSON Schema means it: `$` is the very end, and digits are 0 to 9."""
    return re.compile(re.sub(r"\$$", r"\\Z", pattern), re.ASCII)


def _pattern(_validator: Any, pattern: str, instance: object, _schema: object) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not _compiled(pattern).search(instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _properties(
    validator: Any, properties: Mapping[str, Any], instance: object, _schema: object
) -> Iterator[ValidationError]:
    """The keyword `properties`, looking only at keys that are there: the original looks for each that might be."""
    for key, value in instance.items() if isinstance(instance, dict) else ():
        inner = properties.get(key)
        if inner is not None and not _fits_at_a_glance(value, inner):
            yield from validator.descend(value, inner, path=key, schema_path=key)


def _fits_at_a_glance(value: object, schema: Mapping[str, Any]) -> bool:
    """Whether a text plainly satisfies its schema. Most values do, and a glance costs a tenth of a descent."""
    if not isinstance(value, str):
        return False
    if schema is TEXT or value in schema.get("enum", ()):
        return True
    if schema.get("type") != "string" or "format" in schema or "maxLength" in schema:
        return False
    pattern = schema.get("pattern")
    return len(value) >= schema.get("minLength", 0) and (pattern is None or bool(_compiled(pattern).search(value)))


Checker: Any = validators.extend(Draft202012Validator, {"properties": _properties, "pattern": _pattern})


@cache
def read(name: str) -> dict[str, Any]:
    """The schema in schemas/<name>.schema.json."""
    return dict(json.loads((FOLDER / f"{name}.schema.json").read_text()))


@cache
def validator_of(name: str, definition: str = "") -> Any:
    """The validator of a schema, or of one of its definitions."""
    whole = read(name)
    inlined = _inlined(whole["$defs"][definition] if definition else whole, whole["$defs"])
    return Checker(inlined, format_checker=FORMATS)


def _inlined(node: Any, definitions: Mapping[str, Any]) -> Any:
    """A schema without references, which take as long to look up as all the rest; each bears its name as title."""
    if isinstance(node, list):
        return [_inlined(inner, definitions) for inner in node]
    if not isinstance(node, dict):
        return node
    if node == TEXT:
        return TEXT
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        target = _inlined(definitions[name], definitions)
        return TEXT if target is TEXT else {"title": name, **target}
    return {key: _inlined(inner, definitions) for key, inner in node.items() if key != "$defs"}


def faults(name: str, document: object, definition: str = "") -> list[Fault]:
    """What the schema finds: the first error of each field, and keys that nobody knows as warnings."""
    found: dict[str, Fault] = {}
    for error in validator_of(name, definition).iter_errors(document):
        for fault in _told(error):
            found.setdefault(fault.field, fault)
    return list(found.values())


def _told(error: ValidationError) -> Iterator[Fault]:
    """One error of the validator as faults."""
    if error.validator == "additionalProperties":
        yield from words.unknown_keys(error)
    elif error.validator == "required":
        yield from words.missing_keys(error, error.validator_value)
    elif error.validator == "dependentRequired":
        for key, needed in error.validator_value.items():
            if key in error.instance:
                yield from words.missing_keys(error, needed, because=key)
    elif error.validator == "oneOf":
        yield from _alternatives(error)
    else:
        yield words.wrong_value(error)


def _alternatives(error: ValidationError) -> Iterator[Fault]:
    """What is wrong with the alternative that was meant, told by its word (`fulfillmentType`) where there is one."""
    branches = error.schema["oneOf"]
    if not isinstance(error.instance, dict):
        yield words.wrong_type(error, "object")
        return
    constants = [
        {key: inner["const"] for key, inner in branch.get("properties", {}).items() if "const" in inner}
        for branch in branches
    ]
    if not all(constants):
        yield words.not_one_of(error)
        return
    key = next(iter(constants[0]))
    known = [values[key] for values in constants]
    if error.instance.get(key) not in known:
        yield words.wrong_word(error, key, known)
        return
    meant = known.index(error.instance[key])
    for inner in error.context:
        if inner.relative_schema_path[0] == meant:
            yield from _told(inner)
