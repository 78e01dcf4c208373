"""What the finished OpenAPI file gets last, and the page that shows it."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from drf_spectacular.views import SpectacularSwaggerSplitView

from buyers.schema import describe
from orders.examples import ORDER, ORDERS_URL
from walletapp.pagination import envelope


def complete(result: dict[str, Any], **_of_the_generator: Any) -> dict[str, Any]:
    """Say what serializers do not: answers carry all of their keys, and input may be a little more than they tell."""
    schemas = result["components"]["schemas"]
    for name, schema in schemas.items():
        if "properties" in schema and not name.endswith("Request"):
            schema["required"] = list(schema["properties"])
    schemas["PaginatedOrderList"]["example"] = envelope([ORDER], count=1, total=1, page=1, path=ORDERS_URL)
    buyer, placed, changed = (schemas[f"{name}Request"] for name in ("Buyer", "PlaceOrder", "PatchedChangeOrder"))
    buyer["anyOf"] = [{"required": ["identifier"]}, {"required": ["email"]}]
    placed["properties"]["items"]["minItems"] = 1
    schemas["PatchedBlockRequest"]["required"] = ["blocked"]
    result["paths"]["/shops/{brand_id}/passes/{code}"]["patch"]["requestBody"]["required"] = True
    boolean = {"type": "boolean"}
    changed["properties"]["mail_delivered_in_inbox"] = {"oneOf": [boolean, {"$ref": "#/components/schemas/ZeroOrOne"}]}
    for properties, name in ((buyer, "name"), (placed, "member_partner_id"), (changed, "member_partner_id")):
        properties["properties"][name] = _or_number(properties["properties"][name])
    describe(result)
    return result


def _or_number(text: dict[str, Any]) -> dict[str, Any]:
    """Text that may come as a JSON number, as ids often do; it is kept as text."""
    may_be_null = {"nullable": True} if text.pop("nullable", False) else {}
    return {"anyOf": [text, {"type": "number"}], **may_be_null}


# Swagger UI sets style attributes; scripts stay ours alone.
docs = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(SpectacularSwaggerSplitView.as_view(url_name="schema"))
