"""What documents of a run cost, beside an office suite that turns the same Word file into PDF.

``python benchmarks/documents.py RUN [--rounds N]``. Each document is made as a whole process, as a person
types it, and its time is the median of the rounds. The peer of the PDF is LibreOffice without a window
(``soffice``), converting the report siteplan wrote; where it is not installed, that is said.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from siteplan.api.documents import DocumentOrder, read_view
from siteplan.outputs.documents.docx import document_docx
from siteplan.outputs.documents.html import document_html
from siteplan.outputs.documents.pdf import document_pdf
from siteplan.outputs.documents.report import report
from siteplan.outputs.documents.wallmap import wallmap_pdf


def seconds_of(work: Callable[[], object]) -> float:
    """How long something takes [s]."""
    started = perf_counter()
    work()
    return perf_counter() - started


def typed(arguments: list[str], rounds: int) -> float:
    """Median of a command as a whole process, its output thrown away [s]."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            out = ["--out", str(Path(folder) / "out"), "--quiet"]
            command = [sys.executable, "-m", "siteplan", *arguments, *out]
            found.append(seconds_of(lambda c=command: subprocess.run(c, check=True, capture_output=True)))  # type: ignore[misc]
    return statistics.median(found)


def parts_of(run: Path, rounds: int) -> dict[str, float]:
    """Medians of the writers alone, in this process [s]."""
    view = read_view(run, DocumentOrder())
    document = report(view)
    works: dict[str, Callable[[], object]] = {
        "content and pictures of the report": lambda: report(view),
        "Word": lambda: document_docx(document),
        "PDF": lambda: document_pdf(document),
        "HTML": lambda: document_html(document),
        "wall map": lambda: wallmap_pdf(view),
    }
    return {name: statistics.median(seconds_of(work) for _ in range(rounds)) for name, work in works.items()}


def peer_of(run: Path, rounds: int) -> float | None:
    """Median of LibreOffice making a PDF of the report in Word [s]; None where it is not installed."""
    office = shutil.which("soffice")
    if office is None:
        return None
    word = document_docx(report(read_view(run, DocumentOrder()))).content
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.docx"
        path.write_bytes(word)
        command = [office, "--headless", "--convert-to", "pdf", "--outdir", folder, str(path)]
        for _ in range(rounds):
            found.append(seconds_of(lambda: subprocess.run(command, check=True, capture_output=True)))
    return statistics.median(found)


def main() -> None:
    """Print a table of seconds and the ratio to the peer."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    run = str(asked.run)
    print("as a whole process")
    for words in (["report", run], ["wallmap", run], ["cards", run, "--top", "20"]):
        print(f"  siteplan {' '.join(words[:1] + words[2:]):<20} {typed(words, asked.rounds):6.1f} s")
    print("the writers alone")
    parts = parts_of(asked.run, asked.rounds)
    for name, value in parts.items():
        print(f"  {name:<35} {value:6.2f} s")
    peer = peer_of(asked.run, asked.rounds)
    if peer is None:
        print("peer: LibreOffice is not installed")
    else:
        print(f"peer: LibreOffice, Word to PDF {peer:.2f} s; ours takes {parts['PDF'] / peer:.2f} of it")


if __name__ == "__main__":
    main()
