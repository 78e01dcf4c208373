"""docs/architecture.md tells of what is there."""

import re
import tomllib

from django.apps import apps

from tests.docs.conftest import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text()
BLOCKS = re.findall(r"```\n(.*?)```", TEXT, re.DOTALL)
FOLDERS = re.findall(r"^([a-z]+)/ ", BLOCKS[0], re.MULTILINE)
LAYERS = BLOCKS[1].strip().splitlines()
FILES = re.findall(r"`([a-z0-9_/-]+\.(?:py|toml|in|txt|md))`", TEXT)
MADE = {"media", "node_modules", "__pycache__", "htmlcov"}  # by programs, ignored by git


def test_every_folder_that_is_named_exists():
    assert [name for name in FOLDERS if not (ROOT / name).is_dir()] == []


def test_every_folder_that_exists_is_named():
    there = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")} - MADE
    assert {name for name in there if any((ROOT / name).iterdir())} <= set(FOLDERS)


def test_every_file_that_is_named_exists():
    assert len(FILES) > 30
    assert [name for name in FILES if not (ROOT / name).is_file()] == []


def test_every_app_of_ours_is_named():
    ours = {config.name for config in apps.get_app_configs() if (ROOT / config.name).is_dir()}
    assert ours <= set(FOLDERS)
    assert ours == set(re.findall(r"\w+", BLOCKS[1]))


def test_the_import_order_is_the_contract():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert contracts[0]["layers"] == LAYERS


def test_links_between_documents_lead_somewhere():
    documents = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]
    for document in documents:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
