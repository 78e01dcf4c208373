"""`dev.py bench`: the measurements in bench/, each on servers of its own with PostgreSQL's normal safety."""

import ast
from pathlib import Path

from devtools import environment, servers
from devtools.processes import ROOT, Failed
from devtools.runs import begin

FOLDER = ROOT / "bench"


def main(arguments: list[str]) -> int:
    """List the measurements, or run the one named; whatever follows its name goes to it."""
    found = _described()
    if not arguments or arguments[0] in {"-h", "--help"}:
        for name, description in found.items():
            print(f"{name:20} {description}")
        return 0
    name, *rest = arguments
    if name not in found:
        raise Failed(f"There is no measurement {name!r}. There are: {', '.join(found) or 'none yet'}.")
    environment.prepare()
    with begin() as run:
        settings = servers.django_environment(run.data, servers.start(run))
        servers.migrate(run, settings)
        return run.children.run([environment.PYTHON, FOLDER / f"{name}.py", *rest], settings)


def _described() -> dict[str, str]:
    """Return each program in bench/ that says in a docstring what it measures, with the first line of that."""
    docs = {file.stem: _docstring(file) for file in sorted(FOLDER.glob("*.py"))}
    return {name: text.splitlines()[0] for name, text in docs.items() if text and name != "__init__"}


def _docstring(file: Path) -> str:
    return ast.get_docstring(ast.parse(file.read_text())) or ""
