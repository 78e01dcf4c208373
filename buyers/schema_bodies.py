"""The bodies and answers of the wallet API, for the OpenAPI file.

The Order resource is made of the tables that check it (buyers/order_tables.py), so that both say the same.
"""

from typing import Any

from buyers import examples
from buyers.addresses import MEMBERS
from buyers.confirming import LONGEST_ID, MOST_ORDERS, Tokenization
from buyers.models import CardType, Network
from buyers.order_rules import AMOUNT, LONGEST_ADDRESS, MOST_PIECES, MOST_ROWS, TABLES, Field
from buyers.order_tables import ENUMS, LENGTHS
from shops.money import CURRENCIES

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
UUID: Json = {"type": "string", "format": "uuid"}
URL = r"[hH][tT]{2}[pP][sS]?://\S+"
MOMENT = "ISO 8601, in UTC, such as 2019-07-03T20:47:55Z."
KINDS: dict[str, Json] = {
    **{kind: {"type": "string", "maxLength": most} for kind, most in LENGTHS.items()},
    **{kind: {"type": "string", "enum": list(words)} for kind, words in ENUMS.items()},
    "Amount": {"type": "string", "pattern": f"^{AMOUNT.pattern}$"},
    "NotNegative": {"type": "string", "pattern": f"^{AMOUNT.pattern.removeprefix('-?')}$"},
    "Currency": {"type": "string", "enum": sorted(CURRENCIES), "description": "ISO 4217."},
    "DateTime": {"type": "string", "format": "date-time", "description": MOMENT},
    "URL": {"type": "string", "pattern": f"^{URL}$", "maxLength": LONGEST_ADDRESS, "description": "http or https."},
    "Int": {"type": "integer", "minimum": 1, "maximum": MOST_PIECES},
}


def name_of(kind: str) -> str:
    """What a table, a body or an answer is called in the file: the shop API has orders and refunds of its own."""
    return kind if kind.startswith("Wallet") else f"Wallet{kind}"


def ref(kind: str) -> Json:
    """A pointer to it."""
    return {"$ref": f"#/components/schemas/{name_of(kind)}"}


def _of_field(field: Field) -> Json:
    """The schema of a line of the reference's tables."""
    schema = ref(field.kind) if field.kind in TABLES else dict(KINDS[field.kind])
    if (field.is_required or field.is_list) and field.kind in LENGTHS:
        schema |= {"minLength": 1}
    if field.is_list:
        schema = {"type": "array", "items": schema, "maxItems": MOST_ROWS}
    if field.is_required:
        return schema
    if field.kind == "URL":
        schema |= {"pattern": rf"^(\s*|{URL})$"}  # one that is blank is none
    if "enum" in schema:
        schema |= {"enum": [*schema["enum"], None]}
    return {"nullable": True, "allOf": [schema]} if "$ref" in schema else schema | {"nullable": True}


def _of_table(kind: str) -> Json:
    fields = TABLES[kind]
    return {
        "type": "object",
        "required": [field.name for field in fields if field.is_required],
        "properties": {field.name: _of_field(field) for field in fields},
    }


def _object(properties: Json, *optional: str) -> Json:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


PLACE: Json = {name: {"type": "array", "items": TEXT} if name == "addressLine" else TEXT for name in MEMBERS}
SHOWN: Json = {
    "lastFourDigits": {"type": "string", "pattern": "^[0-9]{4}$"},
    "network": {"type": "string", "enum": Network.values},
    "type": {"type": "string", "enum": CardType.values},
}
ONCE: Json = {"additionalProperties": {"type": "string"}}  # each parameter of OAuth stands once (RFC 6749 §3.2)
FORMS: dict[str, Json] = {
    "Token": _object(
        {
            "grant_type": {"type": "string", "enum": ["authorization_code", "refresh_token"]},
            "code": TEXT | {"description": "With authorization_code: single use, valid for five minutes."},
            "redirect_uri": TEXT | {"description": "With authorization_code: the one of the first step."},
            "code_verifier": TEXT | {"description": "If a code_challenge was sent (RFC 7636)."},
            "refresh_token": TEXT | {"description": "With refresh_token. It stays valid and is not replaced."},
            "scope": TEXT | {"description": "With refresh_token: fewer scopes than were granted."},
        },
        *("code", "redirect_uri", "code_verifier", "refresh_token", "scope"),
    )
    | ONCE,
    "TokenQuestion": _object(
        {
            "token": {"type": "string", "minLength": 1, "maxLength": 4096, "pattern": r"^[^\x00]+$"},
            "token_type_hint": {"type": "string", "enum": ["access_token", "refresh_token"]},
        }
    )
    | ONCE,
    "Confirm": _object(
        {
            "order_ids": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID, "description": "Printable."},
                "minItems": 1,
                "maxItems": MOST_ORDERS,
                "uniqueItems": True,
            },
            "tokenization_type": {"type": "string", "enum": list(Tokenization)},
        }
    ),
}
ANSWERS: dict[str, Json] = {
    "Error": _object({"error": TEXT, "error_message": TEXT, "error_description": TEXT}),
    "Problems": _object(
        {
            "errors": {
                "type": "array",
                "items": _object(
                    {"field": TEXT | {"description": "Such as `lineItems[0].quantity`."}, "code": TEXT, "message": TEXT}
                ),
            }
        }
    ),
    "Tokens": _object(
        {
            "access_token": TEXT,
            "expires_in": {"type": "integer", "description": "Seconds."},
            "token_type": {"type": "string", "enum": ["Bearer"]},
            "scope": TEXT,
            "refresh_token": TEXT | {"description": "Valid for a year. Only in exchange for a code."},
        },
        "refresh_token",
    ),
    "Introspection": _object(
        {
            "active": {"type": "boolean"},
            "exp": {"type": "integer", "description": "Seconds since 1970."},
            "scope": TEXT,
            "sub": UUID | {"description": "The buyer."},
            "username": TEXT | {"description": "The buyer's e-mail address, masked."},
            "token_type": {"type": "string", "enum": ["Bearer"]},
        },
        *("exp", "scope", "sub", "username", "token_type"),
    ),
    "Wallet": _object(
        {
            "user": _object({"uuid": UUID}),
            "card": _object({"uuid": UUID, **SHOWN, "fingerprint": TEXT}),
            "shippingAddress": _object({"uuid": UUID, **PLACE}),
        },
        *("card", "shippingAddress"),
    ),
    "Confirmed": _object(
        {
            "user": _object({"uuid": UUID}),
            "card": _object(
                {
                    "uuid": UUID,
                    "billingAddress": _object(PLACE),
                    **SHOWN,
                    "fingerprint": TEXT,
                    "encryptedPayload": _object(dict.fromkeys(examples.ENVELOPE, TEXT)),
                },
                *("fingerprint", "encryptedPayload"),
            ),
            "payment": _object({"paymentSessionId": TEXT | {"pattern": "^west-[0-9a-f]{32}$"}}),
            "shippingAddress": _object({"uuid": UUID, **PLACE}),
        },
        *("payment", "shippingAddress"),
    ),
}


def components() -> Json:
    """All of them by name."""
    tables = {name_of(kind): _of_table(kind) for kind in TABLES}
    forms = {name_of(f"{kind}Request"): schema for kind, schema in FORMS.items()}
    return tables | forms | {name_of(kind): schema for kind, schema in ANSWERS.items()}
