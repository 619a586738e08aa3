"""Kill plan and re-plan at random moments, and look after each whether everything is whole.

``python tests/support/kill_loop.py PROJECT COUNT SEED``; prints how many were killed and how many had ended. The
project holds a plan in ``runs/base``; filled forms ``form*.xlsx`` lie beside its folder.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

import siteplan
from siteplan.core.files import project_lock
from siteplan.words.catalogue import translate

TASKS = ("plan", "replan", "progress", "returns")


def work(task: str, folder: Path, run: Path, forms: list[Path], turn: int) -> None:
    """What a planner does, in a process of its own."""
    project, target = siteplan.open_project(folder), folder / "runs" / f"{task}-{turn}"
    if task == "plan":
        project.plan(threads=1).write(target)
    elif task == "returns":
        project.merge_returns(run, [forms[turn % len(forms)]])
    elif task == "progress":
        project.progress().write(target)
    else:
        project.replan(run, threads=1).write(target)


def checked(folder: Path, kept: dict[Path, bytes], journal: bytes) -> bytes:
    """Earlier outputs are untouched, the journal has only grown, every folder that shows is whole."""
    for path, content in kept.items():
        assert path.read_bytes() == content, path
    file = folder / "journal.jsonl"
    now = file.read_bytes() if file.exists() else b""
    assert now.startswith(journal)
    project = siteplan.open_project(folder)
    project.journal()
    lists = {translate(key, project.language) for key in ("file_list", "file_details")}
    for shown in (folder / "runs").iterdir():
        if not shown.name.startswith((".", "progress")):
            siteplan.read_plan(shown)
            assert {path.name for path in shown.iterdir()} >= {*lists, "map.html", "run.json"}
    return now


def main() -> None:
    """Run the loop."""
    folder, count, draw = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    forms = sorted(folder.parent.glob("form*.xlsx"))
    run = folder / "runs" / "base"
    kept = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    journal, killed, ended, longest = b"", 0, 0, 1.0
    for turn in range(count):
        child = os.fork()
        if child == 0:
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - the process ends here
            work(TASKS[turn % len(TASKS)], folder, run, forms, turn)
            os._exit(0)
        started = time.monotonic()
        time.sleep(draw.uniform(0.0, longest))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed += 1
        else:
            assert os.WEXITSTATUS(status) == 0
            ended += 1
        longest = min(6.0, max(longest, 1.0 + 0.5 * (time.monotonic() - started)))
        journal = checked(folder, kept, journal)
    with project_lock(folder):
        left = [path for path in folder.iterdir() if path.name.endswith((".part", ".old"))]
    assert left == []
    project = siteplan.open_project(folder)
    project.plan(threads=1).write(folder / "runs" / "after")
    hidden = [path for path in (folder / "runs").iterdir() if path.name.startswith(".")]
    assert hidden == []
    sys.stdout.write(f"killed {killed}, ended {ended}, journal lines {len(project.journal())}\n")


if __name__ == "__main__":
    main()
