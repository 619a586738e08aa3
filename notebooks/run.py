"""Execute every notebook on the tiny world of the tests; a failing cell, or a stale pair, fails the check."""

import os
import sys
import tempfile
from pathlib import Path

import jupytext
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "support"))

from worlds.two_counties import write_project

os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
with tempfile.TemporaryDirectory() as folder:
    os.environ["SITEPLAN_PROJECT"] = str(write_project(Path(folder) / "world"))
    for source in sorted(HERE.glob("[0-9]*.py")):
        notebook = jupytext.read(source)
        pair = jupytext.read(source.with_suffix(".ipynb"))
        if [cell.source for cell in pair.cells] != [cell.source for cell in notebook.cells]:
            sys.exit(f"{source.name} and its .ipynb differ: run jupytext --sync notebooks/*.py")
        NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
        plots = sum(
            "image/png" in output.get("data", {}) for c in notebook.cells for output in c.get("outputs", [])
        )
        print(f"{source.name}: {len(notebook.cells)} cells, {plots} plots")
