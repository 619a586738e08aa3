"""How the cost of a plan grows with its area: every county alone and the city, stage by stage.

``python benchmarks/growth.py PROJECT``. Each run is cold (no footprints kept, kernels compiled) in a copy of
the project. The slope of a stage is that of log CPU seconds against log size (places a plan has to compute:
sites on air and usable candidates within reach); 1 is linear. Reading the inputs is the city's in every run.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

import siteplan
from siteplan.core.progress import Stopwatch
from siteplan.project.statuses import CandidateState

STAGES = ("load", "coverage", "candidates", "matrix", "selection", "effects", "outputs")


def cold_run(project, county):
    """Size of a run, and CPU seconds by stage."""
    shutil.rmtree(project / ".cache", ignore_errors=True)
    watch = Stopwatch()
    plan = siteplan.open_project(project).plan(county=county, report=watch)
    plan.write(project / "runs" / (county or "city"), report=watch)
    usable = plan.proposal.places.candidates["status"].eq(CandidateState.CANDIDATE.value).sum()
    return int(len(plan.proposal.existing.sites) + usable), plan.record, watch.cpu_seconds


def main(source):
    with tempfile.TemporaryDirectory() as work:
        project = Path(work) / "project"
        shutil.copytree(source, project, ignore=shutil.ignore_patterns("runs", ".cache"))
        counties = siteplan.open_project(project).load().counties["county"].tolist()
        cold_run(project, counties[0])  # compiles what is not compiled yet
        shutil.rmtree(project / "runs")
        rows = [(name or "city", *cold_run(project, name)) for name in [*counties, None]]
    rows.sort(key=lambda row: row[1])
    print(f"{'area':12s} {'size':>6s} {'gap %':>6s} " + " ".join(f"{name:>10s}" for name in STAGES))
    for name, size, record, seconds in rows:
        figures = " ".join(f"{seconds[stage]:10.2f}" for stage in STAGES)
        print(f"{name:12s} {size:6d} {100 * record.optimality_gap:6.2f} {figures}")
    sizes = np.log([row[1] for row in rows])
    slopes = [np.polyfit(sizes, np.log([max(row[3][stage], 1e-3) for row in rows]), 1)[0] for stage in STAGES]
    print(f"{'slope':26s} " + " ".join(f"{slope:10.2f}" for slope in slopes))
    total = [sum(row[3][stage] for stage in STAGES[1:]) for row in rows]
    print(f"slope of all but reading: {np.polyfit(sizes, np.log(total), 1)[0]:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
