"""The API as a partner's program calls it."""

import json

from django.test import Client


class Api:
    """Calls with one brand's token, below that brand's URL."""

    def __init__(self, brand, token):
        self.client = Client(raise_request_exception=False)
        self.base = f"/shops/{brand.uuid}"
        self.token = token

    def call(self, method, path, body=None, **headers):
        """`path` below the brand; from the root when it starts with /shops, or is one that the root has."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        is_whole = path.startswith("/shops") or path.partition("?")[0] in {"/passes", "/search/pass"}
        url = path if is_whole else self.base + path
        kind = headers.pop("content_type", "application/json")
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, url, data, content_type=kind, headers=known | given)

    def get(self, path, body=None, **headers):
        return self.call("GET", path, body, **headers)

    def post(self, path, body=None, **headers):
        return self.call("POST", path, body, **headers)

    def patch(self, path, body=None, **headers):
        return self.call("PATCH", path, body, **headers)
