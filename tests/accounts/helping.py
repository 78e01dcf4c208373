"""What the tests of signing in share."""

import base64
import re
import time

from django.test import Client
from django_otp.oath import TOTP

from accounts import second_factor

LOGIN = "/admin/login/"
CODE = "/admin/sign-in/code/"
FACTOR = "/admin/sign-in/second-factor/"
FORGOT = "/admin/sign-in/forgot/"


def code_of(secret, steps=0):
    """What an app shows for a secret as people type it, `steps` times 30 seconds from now."""
    totp = TOTP(base64.b32decode(secret.replace(" ", "")))
    totp.time = time.time() + 30 * steps
    return f"{totp.token():06}"


def enrolled(user):
    """A user with a second factor: its secret and the recovery codes. Its code of 30 seconds ago is used up."""
    secret = second_factor.secret_of(second_factor.begin(user))
    return secret, second_factor.confirm(user, code_of(secret, -1))


def with_password(user, password="secret", **headers):  # noqa: S107
    client = Client()
    return client, client.post(LOGIN, {"username": user.email, "password": password}, **headers)


def is_in(client):
    return client.get("/admin/shops/member/").status_code == 200


def secret_on(page):
    return re.search(r'class="wa-code">([A-Z2-7 ]{39})<', page.content.decode()).group(1)
