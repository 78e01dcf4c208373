"""Orders as they should be."""

import copy

from tests.applewallet.samples import PDF, TOKEN, image, scales

ORDER_FILES = {"logo.png": image(300, 300), "item.png": image(300, 300)}
ALL_ORDER_FILES = {
    **ORDER_FILES,
    "receipt-1.pdf": PDF,
    "label.pdf": PDF,
    **scales("tracking-light", 100, 20),
    **scales("tracking-dark", 100, 20),
}
# The minimal order of apple-wallet.md §A.3.
ORDER = {
    "schemaVersion": 1,
    "orderType": "ecommerce",
    "orderTypeIdentifier": "order.com.example.shop",
    "orderIdentifier": "2b0c3d7a-0001",
    "orderNumber": "1001",
    "createdAt": "2026-08-01T10:00:00Z",
    "updatedAt": "2026-08-01T10:00:00Z",
    "status": "open",
    "orderManagementURL": "https://shop.example/orders/1001",
    "merchant": {
        "merchantIdentifier": "merchant.com.example",
        "displayName": "Lab Coffee",
        "url": "https://shop.example",
        "logo": "logo.png",
    },
    "webServiceURL": "https://wallet.example/w/acme/",
    "authenticationToken": TOKEN,
    "lineItems": [
        {
            "title": "Beans",
            "quantity": 2,
            "price": {"amount": "9.50", "currency": "EUR"},
            "image": "item.png",
            "sku": "BEAN-1",
        }
    ],
    "payment": {
        "total": {"amount": "19.00", "currency": "EUR"},
        "status": "paid",
        "transactions": [
            {
                "amount": {"amount": "19.00", "currency": "EUR"},
                "createdAt": "2026-08-01T10:00:00Z",
                "paymentMethod": {"displayName": "Visa 4242"},
                "status": "completed",
                "transactionType": "purchase",
            }
        ],
    },
    "fulfillments": [
        {
            "fulfillmentType": "shipping",
            "fulfillmentIdentifier": "f1",
            "status": "processing",
            "lineItems": [{"title": "Beans", "quantity": 2}],
        }
    ],
}

ADDRESS = {
    "addressLines": ["Marktplein 1"],
    "locality": "Utrecht",
    "subLocality": "Binnenstad",
    "administrativeArea": "Utrecht",
    "subAdministrativeArea": "Utrecht",
    "postalCode": "3511 AA",
    "countryCode": "NL",
}
QR = {"format": "qr", "message": "1001", "messageEncoding": "iso-8859-1", "altText": "1001"}


def everything_of_an_order():
    """An order with every key that order.json knows."""
    order = copy.deepcopy(ORDER)
    order["updatedAt"] = "2026-08-02T10:00:00.250+02:00"
    order["statusDescription"] = "on_its_way"
    order["barcode"] = QR
    order["customer"] = {
        "givenName": "Emma",
        "familyName": "Brown",
        "organizationName": "Lab",
        "emailAddress": "emma@example.com",
        "phoneNumber": "+31 30 1234567",
    }
    order["merchant"] |= {
        "address": ADDRESS,
        "phoneNumber": "+31 30 7654321",
        "emailAddress": "shop@example.com",
        "contactURL": "https://shop.example/contact",
        "businessChatURL": "https://bcrw.apple.com/urn:biz:0",
    }
    order["associatedApplications"] = [
        {"storeIdentifier": 1234567890, "launchURL": "shop://orders/1001", "customProductPageIdentifier": "x"}
    ]
    order["associatedApplicationIdentifiers"] = ["ABCDE12345.com.example.shop"]
    order["changeNotifications"] = "disabledIfAppInstalled"
    order["lineItems"][0] |= {"subtitle": "Ethiopia", "gtin": "04012345678901"}
    order["orderProvider"] = {
        "displayName": "WalletApp",
        "url": "https://wallet.example",
        "trackingLogoNameLightColorScheme": "tracking-light",
        "trackingLogoNameDarkColorScheme": "tracking-dark",
    }
    order["payment"]["summaryItems"] = [{"label": "Beans", "value": {"amount": "19.00", "currency": "EUR"}}]
    order["payment"]["paymentMethods"] = ["Visa"]
    order["payment"]["applePayTransactionIdentifiers"] = ["a1b2"]
    order["payment"]["transactions"][0] |= {"applePayTransactionIdentifier": "a1b2", "receipt": "receipt-1.pdf"}
    order["fulfillments"] = [_parcel(), _pickup()]
    order["returns"] = [
        {
            "returnIdentifier": "r1",
            "returnNumber": "R-1",
            "status": "open",
            "initiatedAt": "2026-08-02T10:00:00Z",
            "dropOffBy": "2026-08-09T10:00:00Z",
            "returnedAt": "2026-08-05T10:00:00Z",
            "carrier": "PostNL",
            "returnLabel": "label.pdf",
            "returnManagementURL": "https://shop.example/returns/1",
            "lineItems": [{"title": "Beans", "quantity": 1}],
            "notes": "unopened",
            "statusDescription": "We wait for it",
        }
    ]
    order["returnInfo"] = {
        "returnPolicyURL": "https://shop.example/returns",
        "returnDeadline": "2026-09-01T10:00:00Z",
        "displayCountdown": True,
        "returnManagementURL": "https://shop.example/returns",
        "returnPolicyDescription": "Thirty days",
    }
    return order


def _parcel():
    return {
        "fulfillmentType": "shipping",
        "fulfillmentIdentifier": "f1",
        "status": "onTheWay",
        "carrier": "PostNL",
        "trackingNumber": "3SABCD",
        "trackingURL": "https://track.example/3SABCD",
        "shippedAt": "2026-08-01T12:00:00Z",
        "deliveredAt": "2026-08-02T09:00:00Z",
        "estimatedDeliveryAt": "2026-08-02T09:00:00Z",
        "estimatedDeliveryWindowDuration": "PT2H",
        "lineItems": [{"title": "Beans", "quantity": 1, "image": "item.png"}],
        "recipient": {"givenName": "Emma", "familyName": "Brown", "organizationName": "Lab", "address": ADDRESS},
        "shippingType": "delivery",
        "notes": "At the neighbours'",
        "statusDescription": "on_its_way",
    }


def _pickup():
    return {
        "fulfillmentType": "pickup",
        "fulfillmentIdentifier": "f2",
        "displayName": "Lab Coffee Utrecht",
        "status": "readyForPickup",
        "address": ADDRESS,
        "location": {"latitude": 52.09, "longitude": 5.12, "altitude": 3.5},
        "barcode": QR,
        "pickupAt": "2026-08-02T09:00:00Z",
        "pickupWindowDuration": "P1DT30M",
        "pickedUpAt": "2026-08-02T10:00:00Z",
        "lineItems": [{"title": "Beans", "quantity": 1}],
        "notes": "Ring the bell",
        "statusDescription": "Ready",
    }
