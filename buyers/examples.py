"""What the OpenAPI file shows of the wallet API: the reference's own samples (seed 003_7eb5cd71c642e297.txt).

Its order is invalid by its own tables (buyer-wallet.md §0.2): number, ids and sums are put right here.
"""

from typing import Any

Json = dict[str, Any]
BUYER = "5d0c4fc2-b7a5-4b0e-9a10-3f2ea3b14f0b"
CARD = "9a8de9cf-91ed-4a2d-8f34-1df2e6d2b6e7"
ADDRESS = "1c0f6ad5-35fc-4c8e-bb6c-c2a3be4a2c0d"
LINE = "85eb85fd-77f6-4493-9df6-dfa24a2f27b2"
STREET = {
    "country": "CA",
    "addressLine": ["123 High Street"],
    "region": "QC",
    "city": "Mont Royal",
    "dependentLocality": "",
    "postalCode": "H3B2Y5",
    "sortingCode": "",
    "organization": "",
    "recipient": "Jane Doe",
    "phone": "+15145551212",
}
SHOWN = {"lastFourDigits": "1111", "network": "VISA", "type": "CREDIT"}
FINGERPRINT = "v1:protected:vPzq0Ov10oj74TUHrSilp000jvlUNTVW5HrH7h9Wx83"
WALLET: Json = {
    "user": {"uuid": BUYER},
    "card": {"uuid": CARD, **SHOWN, "fingerprint": FINGERPRINT},
    "shippingAddress": {"uuid": ADDRESS, **STREET},
}
BILLED: Json = {"uuid": CARD, "billingAddress": dict(sorted(STREET.items())), **SHOWN}
SESSION = WALLET | {
    "card": BILLED,
    "payment": {"paymentSessionId": "west-0d9ea0d36fd9b5ab9ad8f9c2f1c58a3e"},
}
ENVELOPE = {
    "encryptedMessage": "x2H/6/2YH+xiemQnHRddR32c…=",
    "ephemeralPublicKey": "-----BEGIN PUBLIC KEY-----\n…\n-----END PUBLIC KEY-----\n",
    "tag": "7HFdSX+9BLohm7YrYJy4qQ==",
}
CREDENTIAL = WALLET | {"card": BILLED | {"fingerprint": FINGERPRINT, "encryptedPayload": ENVELOPE}}
TOKENS: Json = {
    "access_token": "…",
    "expires_in": 3600,
    "token_type": "Bearer",
    "scope": "uma:pay:address:read uma:pay:credit_card:read",
    "refresh_token": "…",
}
INTROSPECTED: Json = {
    "active": True,
    "exp": 1628603465,
    "scope": TOKENS["scope"],
    "sub": BUYER,
    "username": "j••••e@shop.example",
    "token_type": "Bearer",
}
PROBLEMS: Json = {
    "errors": [{"field": "createdAt", "code": "field_missing", "message": "Field createdAt cannot be null."}]
}


def money(amount: str) -> Json:
    """US dollars."""
    return {"amount": amount, "currencyCode": "USD"}


PRICES = {name: money("1.00") for name in ("unitPrice", "totalPrice", "originalUnitPrice", "originalTotalPrice")}
ORDER: Json = {
    "createdAt": "2021-08-10T13:51:05Z",
    "updatedAt": "2021-08-10T13:51:05Z",
    "orderNumber": "#1001",
    "paymentStatus": "PAID",
    "shipmentStatus": "SHIPPED",
    "merchant": {
        "merchantId": "315d97c3-aeb2-4e7b-bdf3-d0fd8e510607",
        "name": "Snowdevil",
        "url": "https://snowdevil.example/",
    },
    "lineItems": [
        {
            "lineItemId": LINE,
            "productTitle": "Snowboard",
            "productUrl": "https://snowdevil.example/snowboard",
            "imageUrl": "https://snowdevil.example/snowboard.jpg",
            "gtin": "5901234123457",
            "quantity": 1,
            "taxLines": [{"price": money("0.10"), "title": "Line item sales tax"}],
            **PRICES,
        }
    ],
    "deliveryMethods": [
        {
            "deliveryMethodId": "ccf15282-492d-4f2f-84c6-2819d65ea048",
            "name": "Delivery purchase",
            "lineItemIds": [LINE],
            "taxLines": [{"price": money("0.10"), "title": "Shipment sales tax"}],
            **PRICES,
        }
    ],
    "fulfillments": [
        {
            "fulfillmentId": "62144d7e-aef5-4132-bdc4-581cc2b4a4f2",
            "name": "Shipment",
            "status": "IN_TRANSIT",
            "inTransitAt": "2021-08-10T13:51:05Z",
            "estimatedDeliveryAt": "2021-08-11T13:51:05Z",
            "lineItemIds": [LINE],
            "trackingInfo": {
                "carrierCode": "USPS",
                "trackingNumber": "00594b99",
                "trackingUrl": "https://carrier.example/00594b99",
            },
        }
    ],
    "refunds": [],
    "total": {
        **{name: money("0.00") for name in ("cartDiscounts", "lineItemDiscounts", "shippingDiscounts")},
        "totalDiscounts": money("0.00"),
        "lineItemSubtotalPrice": money("1.00"),
        "shippingSubtotalPrice": money("1.00"),
        "totalTax": money("0.20"),
        "totalPrice": money("2.20"),
    },
}
