"""The documents' pictures are there, are shown, are small, and say in words what they show."""

import re

import pytest
from PIL import Image

from tests.docs.conftest import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURES = sorted((ROOT / "docs" / "pictures").iterdir())
MARKDOWN = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
HTML = re.compile(r"<img\s[^>]*>")
LARGEST, LARGEST_TOGETHER = 300_000, 2_500_000  # bytes


def shown():
    """Of each picture in a document: where it lies, and the words for those who do not see it."""
    found = []
    for document in DOCUMENTS:
        text = document.read_text()
        found += [(document.parent / place, words) for words, place in MARKDOWN.findall(text)]
        for tag in HTML.findall(text):
            given = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            found.append((document.parent / given["src"], given.get("alt", "")))
    return [(path.resolve(), words) for path, words in found]


def test_every_picture_that_is_shown_exists_and_has_words():
    assert len(shown()) > 15
    assert [path for path, _words in shown() if not path.is_file()] == []
    assert [path for path, words in shown() if len(words) < 20] == []


def test_every_picture_is_shown():
    assert set(PICTURES) <= {path for path, _words in shown()}


def test_readme_shows_three():
    assert len(HTML.findall((ROOT / "README.md").read_text())) == 3


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_a_picture_is_a_small_png(path):
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.width <= 1400
        image.load()
    assert path.stat().st_size < LARGEST


def test_all_together_are_small():
    assert sum(path.stat().st_size for path in PICTURES) < LARGEST_TOGETHER


def test_every_picture_is_taken_by_the_script():
    script = (ROOT / "demo" / "pictures.py").read_text()
    assert {path.stem for path in PICTURES} == set(re.findall(r'camera\.take\("([a-z-]+)"', script))
