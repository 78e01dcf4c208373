"""A visitor's steps, as forms send them."""

import re


def field(answer, name):
    """What a hidden field of a page holds."""
    return re.search(rf'name="{name}"\s+value="([^"]*)"', answer.content.decode())[1]


def put_in_cart(client, coupon, quantity=1):
    return client.post(f"/s/{coupon.brand.slug}/coupons/{coupon.uuid}/add", {"quantity": quantity})


def checkout_form(client, brand, **more):
    """What the checkout's form would send, as it stands."""
    page = client.get(f"/s/{brand.slug}/checkout")
    typed = {"name": "John", "email": "john@example.com", "step": "order", "points_was": "0"}
    return typed | {"slip": field(page, "slip")} | more


def check_out(client, brand, **more):
    return client.post(f"/s/{brand.slug}/checkout", checkout_form(client, brand, **more))


def signed_in(client, member):
    """Let this browser be the member's."""
    session = client.session
    session[f"member {member.brand_id}"] = member.pk
    session.save()
    return client
