"""Kill plan and re-plan at random moments, and look after each whether everything is whole.

``python tests/kill_loop.py PROJECT COUNT SEED``; prints how many were killed and how many had ended.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from siteplan.planning.run_folder import read_plan

from siteplan.api import Returns, merge_returns, plan_area, read_journal, replan_area, report_progress
from siteplan.core.files import project_lock
from siteplan.outputs import DETAILS, WORKBOOK

TASKS = ("plan", "replan", "export", "returns")


def work(request: str, project: Path, run: Path, forms: list[Path], turn: int) -> None:
    """What a planner does, in a process of its own."""
    target = project / "runs" / f"{request}-{turn}"
    if request == "plan":
        plan_area(project, output=target, threads=1)
    elif request == "returns":
        merge_returns(run, project, Returns((forms[turn % len(forms)],)))
    elif request == "export":
        report_progress(project, output=target)
    else:
        replan_area(run, project, output=target, threads=1)


def checked(project: Path, run: Path, kept: dict[Path, bytes], journal: bytes) -> bytes:
    """Earlier outputs are untouched, the journal has only grown, every folder that shows is whole."""
    for path, content in kept.items():
        assert path.read_bytes() == content, path
    file = project / "journal.jsonl"
    now = file.read_bytes() if file.exists() else b""
    assert now.startswith(journal)
    read_journal(project)
    for folder in (project / "runs").iterdir():
        if not folder.name.startswith((".", "export")):
            read_plan(folder)
            assert {path.name for path in folder.iterdir()} >= {WORKBOOK, DETAILS, "map.html", "run.json"}
    return now


def main() -> None:
    """Run the loop."""
    project, count, draw = Path(sys.argv[1]), int(sys.argv[2]), random.Random(int(sys.argv[3]))
    forms = sorted(project.parent.glob("form*.xlsx"))
    run = project / "runs" / "base"
    kept = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    journal, killed, ended, longest = b"", 0, 0, 1.0
    for turn in range(count):
        child = os.fork()
        if child == 0:
            sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - the process ends here
            work(TASKS[turn % len(TASKS)], project, run, forms, turn)
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
        journal = checked(project, run, kept, journal)
    with project_lock(project):
        left = [path for path in project.iterdir() if path.name.endswith((".part", ".old"))]
    assert left == []
    plan_area(project, output=project / "runs" / "after", threads=1)
    hidden = [path for path in (project / "runs").iterdir() if path.name.startswith(".")]
    assert hidden == []
    sys.stdout.write(f"killed {killed}, ended {ended}, journal lines {len(read_journal(project))}\n")


if __name__ == "__main__":
    main()
