"""A simulated iPhone: it speaks Apple's protocol over real HTTP and knows nothing but what packages tell it."""

import io
import json
import secrets
import zipfile
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

WORDS = {
    "pass": ("ApplePass", "passes", "passesUpdatedSince", "serialNumbers", "lastUpdated"),
    "order": ("AppleOrder", "orders", "ordersModifiedSince", "orderIdentifiers", "lastModified"),
}


class Held:
    """A package on the phone."""

    def __init__(self, content, last_modified=None):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.kind = "pass" if "pass.json" in archive.namelist() else "order"
            self.json = json.loads(archive.read(f"{self.kind}.json"))
        self.last_modified = last_modified
        self.type = self.json["passTypeIdentifier" if self.kind == "pass" else "orderTypeIdentifier"]
        self.serial = self.json["serialNumber" if self.kind == "pass" else "orderIdentifier"]
        self.token = self.json["authenticationToken"]


class Phone:
    """Holds packages, registers them, and asks for news of them."""

    def __init__(self, server, push_token=None):
        self.server = urlsplit(server).netloc  # where PUBLIC_URL's host is found in this test
        self.identifier = secrets.token_hex(16)
        self.push_token = push_token or secrets.token_hex(32)
        self.held = {}
        self.tags = {}

    def ask(self, method, path, *, token=None, body=None, **headers):
        """One HTTP exchange: status, headers, body."""
        connection = HTTPConnection(self.server, timeout=20)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            headers["Authorization"] = token
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def _base(self, held):
        return f"{urlsplit(held.json['webServiceURL']).path}/v1"

    def _registration(self, held):
        return f"{self._base(held)}/devices/{self.identifier}/registrations/{held.type}"

    def _token(self, held):
        return f"{WORDS[held.kind][0]} {held.token}"

    def add(self, content):
        """Somebody opened a package: keep it and register."""
        held = Held(content)
        self.held[held.serial] = held
        return self.register(held)

    def register(self, held):
        path = f"{self._registration(held)}/{held.serial}"
        status, _headers, _body = self.ask(
            "POST", path, token=self._token(held), body={"pushToken": self.push_token}, Content_Type="application/json"
        )
        return status

    def remove(self, serial):
        held = self.held.pop(serial)
        return self.ask("DELETE", f"{self._registration(held)}/{serial}", token=self._token(held))[0]

    def list(self, held, tag=None):
        """Which packages of this one's type changed since the tag: status, serials, next tag."""
        _scheme, _path, since, serials, key = WORDS[held.kind]
        query = f"?{since}={quote(tag)}" if tag is not None else ""
        status, _headers, body = self.ask("GET", self._registration(held) + query)
        if status != 200:
            assert body == b""
            return status, [], tag
        found = json.loads(body)
        return status, found[serials], found[key]

    def fetch(self, held, **headers):
        path = f"{self._base(held)}/{WORDS[held.kind][1]}/{held.type}/{held.serial}"
        return self.ask("GET", path, token=self._token(held), **headers)

    def pushed(self):
        """A push arrived: for each type, ask what changed and fetch it, as Wallet does."""
        for held in {held.type: held for held in self.held.values()}.values():
            _status, serials, self.tags[held.type] = self.list(held, self.tags.get(held.type))
            for serial in serials:
                old = self.held[serial]
                since = {"If_Modified_Since": old.last_modified} if old.last_modified else {}
                status, headers, body = self.fetch(old, **since)
                if status == 200:
                    self.held[serial] = Held(body, headers["Last-Modified"])
