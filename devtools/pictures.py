"""`dev.py pictures`: takes the documents' pictures anew, of a fresh demo that is thrown away afterwards."""

import argparse
import sys

from devtools import environment
from devtools.demo import Demo
from devtools.processes import ROOT
from devtools.progress import say, tail
from devtools.runs import begin

PICTURES = ROOT / "demo" / "pictures.py"
FOLDER = ROOT / "docs" / "pictures"


def main(arguments: list[str]) -> int:
    """Start the demo on the side and walk through it with a browser."""
    argparse.ArgumentParser(prog="dev.py pictures").parse_args(arguments)
    environment.prepare()
    with begin() as run:
        demo = Demo(run, 0)
        demo.start()
        FOLDER.mkdir(exist_ok=True)
        facts, mails = run.data / "demo.json", demo.logs / "web.log"
        words = ["--base", demo.url, "--facts", facts, "--mails", mails, "--to", FOLDER]
        failed = run.children.run([environment.PYTHON, PICTURES, *words])
        if failed:
            print(tail(mails), file=sys.stderr)
    say("the pictures could not be taken" if failed else "the pictures are in docs/pictures/")
    return failed
