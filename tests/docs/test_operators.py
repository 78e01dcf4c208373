"""docs/operators.md names every variable of the settings with its default, and every metric."""

import ast
import re

import pytest
from django.conf import settings

from tests.docs.conftest import ROOT
from walletapp import metrics

TEXT = (ROOT / "docs" / "operators.md").read_text()
ROWS = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]+?) \|", TEXT, re.MULTILINE))


def variables():
    """What settings.py reads from the environment: the name, and the default as written, None where there is none."""
    for call in ast.walk(ast.parse((ROOT / "walletapp" / "settings.py").read_text())):
        if not isinstance(call, ast.Call) or not call.args or not isinstance(call.args[0], ast.Constant):
            continue
        reader = ast.unparse(call.func)
        if re.fullmatch(r"flag|number|env\.\w+", reader):
            given = {word.arg: word.value for word in call.keywords}
            default = given.get("default", call.args[1] if len(call.args) > 1 else None)
            yield call.args[0].value, default


VARIABLES = dict(variables())


def test_every_variable_stands_in_the_table_and_no_other():
    assert len(VARIABLES) > 15
    assert set(ROWS) == set(VARIABLES)


@pytest.mark.parametrize("name", sorted(VARIABLES))
def test_a_default_is_told_as_it_is(name):
    told, default = ROWS[name].strip("`"), VARIABLES[name]
    if default is None:
        assert told == "required"
        return
    try:
        value = ast.literal_eval(default)
    except ValueError:
        assert name in {"ALLOWED_HOSTS", "MEDIA_ROOT"}  # these follow from others, and are told in words
        return
    if isinstance(value, list):
        assert told == (",".join(map(str, value)) or "none")
    elif isinstance(value, bool):
        assert told == str(value).lower()
    else:
        assert told == ("none" if value is None else str(value))


def test_every_metric_is_told():
    source = (ROOT / "walletapp" / "metrics.py").read_text()
    names = set(re.findall(r'"(walletapp_\w+)"', source))
    assert metrics.SECONDS.describe()[0].name in names
    assert set(re.findall(r"^\| `(walletapp_\w+)`", TEXT, re.MULTILINE)) == names


def test_the_schedule_is_as_long_as_the_documents_say():
    waits = settings.WEBHOOK_RETRY_INTERVALS
    hours = round(sum(waits) / 3600, 1)
    for document in ("docs/operators.md", "docs/partners/webhooks.md", "docs/decisions.md"):
        assert f"{len(waits) + 1} " in (ROOT / document).read_text()
        assert f"{hours} hours" in (ROOT / document).read_text()
