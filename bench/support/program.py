"""The command line of every measurement, and how its figures are printed."""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any


def run(about: str | None, measure: Callable[..., dict[str, Any]], *, quick: str) -> None:
    """Measure and print. `measure` is called with `quick`, whose help text says what is left out then."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--quick", action="store_true", help=f"{quick}: to try it out")
    options = parser.parse_args()
    started = time.monotonic()
    figures = measure(quick=options.quick)
    figures["took_s"] = round(time.monotonic() - started, 1)
    print(json.dumps(figures) if options.json else _in_lines(figures))


def _in_lines(figures: dict[str, Any], indent: str = "") -> str:
    return "\n".join(
        f"\n{name}:\n{_in_lines(value, '  ')}" if isinstance(value, dict) else f"{indent}{name:34} {value}"
        for name, value in figures.items()
    )
