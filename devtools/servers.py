"""PostgreSQL and Redis together, and the environment in which Django finds them."""

import base64
import json
import os
import secrets
from pathlib import Path

from devtools import postgres, redis
from devtools.environment import PYTHON
from devtools.processes import ROOT
from devtools.progress import say
from devtools.runs import Run


def start(run: Run, *, hurried: bool = False, prefer_installed: bool = True) -> dict[str, str]:
    """Start what DATABASE_URL and REDIS_URL do not name already, and return both addresses."""
    addresses = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL") if os.environ.get(name)}
    for name in addresses:
        say(f"using {name} from the environment")
    if "DATABASE_URL" not in addresses:
        addresses["DATABASE_URL"] = postgres.start(run, hurried=hurried)
    if "REDIS_URL" not in addresses:
        addresses["REDIS_URL"] = redis.start(run, prefer_installed=prefer_installed)
    return addresses


def django_environment(data: Path, addresses: dict[str, str], url: str = "http://127.0.0.1:8000") -> dict[str, str]:
    """Return everything that the settings want to know, so that nobody has to set it by hand."""
    return {
        **_secrets(data / "secrets.json"),
        **addresses,
        "DJANGO_SETTINGS_MODULE": "walletapp.settings",
        "PUBLIC_URL": url,
        "ALLOWED_HOSTS": "*",
        "MEDIA_ROOT": str(data / "media"),  # pictures belong to the data, and go with it
        # The receiver of the demo and of the tests is on this machine, where webhooks otherwise never go.
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "WEBHOOK_ALLOWED_PORTS": "*",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
    }


def _secrets(file: Path) -> dict[str, str]:
    """Return the keys that belong to this data; they are made once, as what they encrypt lasts as long."""
    if not file.exists():
        fernet_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        write_private(file, {"SECRET_KEY": secrets.token_urlsafe(50), "ENCRYPTION_KEYS": fernet_key})
    return dict(json.loads(file.read_text()))


def write_private(file: Path, content: object) -> None:
    """Write JSON that only this user may read, in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content, indent=2) + "\n")
    draft.rename(file)


def migrate(run: Run, environment: dict[str, str]) -> None:
    """Bring the tables up to date."""
    run.children.output_of([PYTHON, ROOT / "manage.py", "migrate", "--verbosity=0"], environment)
    say("the tables are up to date")
