"""What the OpenAPI file says of the wallet API. `describe` puts it in; nothing here runs for a request."""

from typing import Any

from django.conf import settings
from oauth2_provider.settings import oauth2_settings

from buyers import examples
from buyers.bodies import FORM
from buyers.confirming import LONGEST_ID
from buyers.schema_bodies import TEXT, components, ref
from buyers.scopes import ADDRESS, CARD, ENCRYPTED, PAYMENT_SESSION

Json = dict[str, Any]
JSON = "application/json"
STATUSES = {
    400: "The call cannot be read, or is refused for what `error` says.",
    401: "The client, or the token, is not valid.",
    403: "No `User-Agent`, a scope that is missing, or something that the buyer or this service does not allow.",
    404: "No order of this client was confirmed under this id.",
    422: "The order is not in order. All problems are told, a hundred at most, by path.",
    429: "Too many calls of this client in this minute; `Retry-After` says how many seconds to wait.",
    503: "The card's number cannot be had just now.",
}
AGENT: Json = {
    "name": "User-Agent",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "pattern": "\\S"},
    "description": "Who calls, such as `ShopPay/production Ruby/3.0.1`.",
}


def _answer(description: str, kind: str | None, *shown: Json) -> Json:
    if kind is None:
        return {"description": description}
    named = {f"Example {number}": {"value": one} for number, one in enumerate(shown, 1)}
    content = {"schema": ref(kind)} | ({"examples": named} if named else {})
    return {"description": description, "content": {JSON: content}}


def _call(name: str, summary: str, says: str, *statuses: int, **more: Any) -> Json:
    """An operation; `statuses` are those of its errors beside the ones that every call may meet."""
    refusals = {
        str(status): _answer(STATUSES[status], "Problems" if status == 422 else "Error")  # noqa: PLR2004 -- HTTP's
        for status in sorted({400, 401, 403, 429, *statuses})
    }
    refusals.get("422", {}).get("content", {}).get(JSON, {})["example"] = examples.PROBLEMS
    found: Json = {"operationId": name, "summary": summary, "description": says, "tags": ["Buyer wallet"]}
    found |= {"parameters": [AGENT, *more.pop("parameters", [])]}
    found["responses"] = more.pop("responses") | refusals
    return found | more


def _body(kind: str, media: str, example: Json) -> Json:
    return {"required": True, "content": {media: {"schema": ref(kind), "example": example}}}


BY_CLIENT: list[Json] = [{"client": []}]
QUESTION = {"token": "…", "token_type_hint": "access_token"}
CODE = {"grant_type": "authorization_code", "code": "…", "redirect_uri": "https://partner.example/back"}
CERTIFICATE: Json = {
    "name": "Certificate",
    "in": "header",
    "schema": TEXT,
    "description": "With PAYMENT_CREDENTIAL: the client's registered certificate, PEM or DER, in base64.",
}
ORDER_ID: Json = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
    "description": "One of the `order_ids` that were confirmed.",
}


def _update(name: str, summary: str, says: str) -> Json:
    return _call(
        name,
        summary,
        says,
        *(404, 422),
        parameters=[ORDER_ID],
        security=BY_CLIENT,
        requestBody=_body("Order", JSON, examples.ORDER),
        responses={"204": _answer("It is written down.", None)},
    )


UPDATE = {
    "put": _update(
        "wallet_update_order",
        "Say how an order stands",
        "The whole order, each time anew: what is left out is gone. Sums and references that do not agree are accepted"
        " and noted, unless the client is set to be strict.",
    ),
    "post": _update("wallet_update_order_by_post", "The same by POST", "As the reference's own sample sends it."),
}
PATHS: Json = {
    "/oauth/token": {
        "post": _call(
            "oauth_token",
            "Exchange a code, or refresh",
            "The authorization begins in the buyer's browser, at `/pay/authorize`.",
            security=BY_CLIENT,
            requestBody=_body("TokenRequest", FORM, CODE),
            responses={"200": _answer("An access token, for an hour.", "Tokens", examples.TOKENS)},
        )
    },
    "/oauth/revoke": {
        "post": _call(
            "oauth_revoke",
            "Revoke a token",
            "It ends with all that the same code was exchanged for. A token that is not valid, or not the client's,"
            " is answered the same.",
            security=BY_CLIENT,
            requestBody=_body("TokenQuestionRequest", FORM, QUESTION),
            responses={"200": {"description": "Done.", "content": {JSON: {"schema": {"type": "object"}}}}},
        )
    },
    "/oauth/introspect": {
        "post": _call(
            "oauth_introspect",
            "Ask what a token stands for",
            "Access and refresh tokens of the client's own; of any other, `active` is false and nothing is told.",
            security=BY_CLIENT,
            requestBody=_body("TokenQuestionRequest", FORM, QUESTION),
            responses={
                "200": _answer("What it stands for.", "Introspection", examples.INTROSPECTED, {"active": False})
            },
        )
    },
    "/pay/wallet": {
        "get": _call(
            "wallet_get",
            "See a buyer's wallet",
            f"Each part is left out where the buyer has, or allows, none. The card needs `{CARD}`, the address"
            f" `{ADDRESS}`.",
            security=[{"wallet": []}],
            responses={"200": _answer("What the buyer lets you see.", "Wallet", examples.WALLET)},
        )
    },
    "/pay/wallet/orders": {
        "post": _call(
            "wallet_confirm_orders",
            "Confirm orders, and learn how to have them paid",
            f"SESSION needs `{PAYMENT_SESSION}`, PAYMENT_CREDENTIAL `{ENCRYPTED}` and the `Certificate` header."
            " Whose an order is cannot be changed.",
            503,
            parameters=[CERTIFICATE],
            security=[{"wallet": [PAYMENT_SESSION]}, {"wallet": [ENCRYPTED]}],
            requestBody=_body("ConfirmRequest", JSON, {"order_ids": ["1234"], "tokenization_type": "SESSION"}),
            responses={"200": _answer("Confirmed.", "Confirmed", examples.SESSION, examples.CREDENTIAL)},
        )
    },
    "/pay/wallet/orders/{id}": UPDATE,
}


def _security() -> Json:
    here = settings.PUBLIC_URL
    flow = {
        "authorizationUrl": f"{here}/pay/authorize",
        "tokenUrl": f"{here}/oauth/token",
        "refreshUrl": f"{here}/oauth/token",
        "scopes": {name: str(meaning) for name, meaning in oauth2_settings.SCOPES.items()},
    }
    return {
        "wallet": {"type": "oauth2", "flows": {"authorizationCode": flow}, "description": "What a buyer allows."},
        "client": {"type": "http", "scheme": "basic", "description": "The client's ID and secret."},
    }


def describe(result: Json) -> None:
    """Put the wallet API into an OpenAPI file."""
    result["paths"] |= PATHS
    result["components"]["schemas"] |= components()
    result["components"]["securitySchemes"] |= _security()
