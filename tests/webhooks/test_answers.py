"""What is kept of an answer's headers."""

import requests

from webhooks.answers import MOST_KEPT_HEADERS, headers_kept


def test_headers_are_kept_short_and_without_cookies():
    answer = requests.Response()
    answer.headers.update({"Server": "nginx\0", "Set-Cookie": "session=secret", "X-Long": "x" * 5000})
    kept = headers_kept(answer)
    assert kept.startswith("Server: nginx\nSet-Cookie: …\nX-Long: xxx")
    assert len(kept) == MOST_KEPT_HEADERS
