"""The two kinds of package. They differ in these words only; everything else is shared (apple-wallet.md §F.1)."""

from dataclasses import dataclass

MIME_OF_BUNDLE = "application/vnd.apple.pkpasses"


@dataclass(frozen=True, slots=True)
class Kind:
    """Apple's words for one kind: of its files, its JSON keys and its web service."""

    name: str
    content: str  # the file that says what the package shows
    strings: str  # the file of a language's texts
    digest: str  # of the manifest
    extension: str
    mime: str
    scheme: str  # of the Authorization header
    type_key: str
    serial_key: str
    path: str  # of the latest package: /v1/<path>/<type>/<serial>
    since: str  # the query of the list, and the two keys of its answer
    serials_key: str
    tag_key: str


PASS = Kind(
    name="pass",
    content="pass.json",
    strings="pass.strings",
    digest="sha1",
    extension="pkpass",
    mime="application/vnd.apple.pkpass",
    scheme="ApplePass",
    type_key="passTypeIdentifier",
    serial_key="serialNumber",
    path="passes",
    since="passesUpdatedSince",
    serials_key="serialNumbers",
    tag_key="lastUpdated",
)
ORDER = Kind(
    name="order",
    content="order.json",
    strings="order.strings",
    digest="sha256",
    extension="order",
    mime="application/vnd.apple.finance.order",
    scheme="AppleOrder",
    type_key="orderTypeIdentifier",
    serial_key="orderIdentifier",
    path="orders",
    since="ordersModifiedSince",
    serials_key="orderIdentifiers",
    tag_key="lastModified",
)
KINDS = {kind.name: kind for kind in (PASS, ORDER)}
