"""What the finished OpenAPI file gets last, and the page that shows it."""

from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from drf_spectacular.views import SpectacularSwaggerSplitView

from orders.examples import ORDER, ORDERS_URL
from walletapp.pagination import envelope


def complete(result: dict[str, Any], **_of_the_generator: Any) -> dict[str, Any]:
    """Answers always carry all of their keys; a serializer's `required` speaks of input only."""
    schemas = result["components"]["schemas"]
    for name, schema in schemas.items():
        if "properties" in schema and not name.endswith("Request"):
            schema["required"] = list(schema["properties"])
    schemas["PaginatedOrderList"]["example"] = envelope([ORDER], count=1, total=1, page=1, path=ORDERS_URL)
    return result


# Swagger UI sets style attributes; scripts stay ours alone.
docs = csp_update({"style-src": [SELF, UNSAFE_INLINE]})(SpectacularSwaggerSplitView.as_view(url_name="schema"))
