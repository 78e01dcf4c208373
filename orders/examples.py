"""The example order of the OpenAPI file: two coffees at 350 points; 450 points used, the rest 2.50 in euros."""

from typing import Any

BRAND_ID = "6864adf7-8b26-48ee-b5a7-6c2e560348f6"
ORDER_ID = "0f5c9a52-3f0a-4c57-9d6b-8a1f6b7c2d10"
COUPON_ID = "5f9b97ec-b48a-413c-af59-8df5f340557b"
MEMBER_ID = "9c1d1f7e-6f4e-4a83-8f0c-2b7a5d3e4c61"
ORDERS_URL = f"https://shop.example/shops/{BRAND_ID}/orders"
PAYMENT_URL = "https://shop.example/pay/sandbox/3d1b0c64-57a9-4f5e-9a52-6f5d0b8e7c11"


def _pass(qr_code: str, expiration_date: str | None, status: str) -> dict[str, Any]:
    coupon = {"external_reference": "cafe-noord-1", "title": "Cappuccino", "identifier": COUPON_ID}
    return {"qr_code": qr_code, "expiration_date": expiration_date, "status": status, "coupon": coupon}


UNPAID: dict[str, Any] = {
    "created_at": "2026-11-22T09:12:04.118203Z",
    "processing_status": "open",
    "processed_at": None,
    "number": "35",
    "currency": "EUR",
    "total": "2.50",
    "updated_at": "2026-11-22T09:12:04.118203Z",
    "uuid": ORDER_ID,
    "payment_id": "tr_q3NfWb8xUTs",
    "payment_status": "open",
    "points_used": 450,
    "total_order_points_price": 700,
    "mail_delivered_in_inbox": 0,
    "passes": [_pass("", None, "active"), _pass("", None, "active")],
    "member": {"email": "anna.de.vries@example.com", "name": "Anna de Vries", "identifier": MEMBER_ID},
    "member_partner_id": "crm-20417",
    "brand": {"name": "Café Noord", "identifier": BRAND_ID},
}
EXPIRES = "2027-02-20T09:13:40.902511Z"
ORDER: dict[str, Any] = UNPAID | {
    "updated_at": "2026-11-22T09:13:40.902511Z",
    "payment_status": "paid",
    "passes": [_pass("7K3QW9ZB2M5XCDR8T1HV", EXPIRES, "active"), _pass("M0F4YJ6N8S2PXA9EKGCT", EXPIRES, "active")],
}
CANCELED: dict[str, Any] = UNPAID | {
    "updated_at": "2026-11-22T09:13:40.902511Z",
    "passes": [_pass("", None, "blocked"), _pass("", None, "blocked")],
}
BODY = {
    "member": {"email": "anna.de.vries@example.com", "name": "Anna de Vries"},
    "items": [{"coupon": COUPON_ID, "quantity": 2}],
    "points": "max",
    "member_partner_id": "crm-20417",
}
CALL = {
    "delivered": 1,
    "webhook_call_id": "c9a1f4de-0c3f-4d2b-8c11-52f2a6a0b7e4",
    "webhook_url": "https://partner.example/webhooks",
    "http_status_code": 200,
    "order_status": "paid",
    "truncate_response": "ok",
    "failed": 0,
    "interval": 0,
    "created_at": "2026-11-22T09:13:41.020115Z",
}
