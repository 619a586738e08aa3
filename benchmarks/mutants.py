"""Faults planted in copies of a project: which are named, and what the others do to the plan.

Every sort is planted in a cut-out of the demo and in two real places (where their data are there). ``check``
runs on each mutant; where no fault of the file it was planted in names it, the mutant is planned, and so is
the place as it is: a change of more than 1 % in expected people, people above the threshold or the chosen
places without a word is a failure.

Run: python benchmarks/mutants.py DEMO [--only NAME] [--seed N] [--keep FOLDER]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cutout import cut
from mutations.from_documents import SORTS, Planted, Sort

import siteplan
from siteplan.core.errors import ConfigError, Fault, InputFaults, SiteplanError
from siteplan.inputs.load import examine
from siteplan.project.project_file import load_config
from siteplan.words.catalogue import translate

HERE = Path(__file__).resolve().parent
MOST_CHANGE = 0.01
SEED = 19
GENERIC = {
    "outside_counties",
    "overdue",
    "village_empty",
    "villages_settled",
    "villages_uncounted",
    "dem_voids",
    "note",
}
"""Problems that say that something is odd, not what; they excuse nothing."""


@dataclass(frozen=True)
class Plan:
    """What a change is measured by."""

    expected: float
    covered: float
    chosen: frozenset[tuple[int, int]]


@dataclass(frozen=True)
class Result:
    """What became of one mutant."""

    place: str
    sort: Sort
    verdict: str
    change: float
    said: tuple[str, ...]
    seconds: float


def places(demo: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """A cut-out of the demo, then the real places whose data are there."""
    cut(demo, work / "demo")
    yield "demo", work / "demo"
    for name in ("andorra", "oetztal"):
        script = HERE / "places" / f"{name}.py"
        done = subprocess.run(
            [sys.executable, str(script), str(work / name), "--small"], capture_output=True, check=False
        )
        if done.returncode == 0:
            yield name, work / name
        else:
            print(f"{name}: its data are not here")


def faults_of(folder: Path) -> tuple[Fault, ...] | tuple[str, ...]:
    """Faults of a check, or the entries of the project file that are refused."""
    try:
        return examine(folder, load_config(folder)).faults
    except ConfigError as error:
        return tuple(f"project.toml {fault.path}" for fault in error.faults)
    except InputFaults as error:
        return error.faults


def key_of(fault: Fault | str) -> tuple[object, ...]:
    """What makes a fault the same in the place as it is."""
    if isinstance(fault, str):
        return (fault,)
    return fault.file, fault.problem, fault.row, fault.column


def names_it(fault: Fault | str, planted: Planted) -> bool:
    """Whether a fault speaks of what was planted: its file, and its column, entry or rows."""
    if isinstance(fault, str):
        return planted.file == "project.toml"
    if fault.severity == "note" or fault.problem in GENERIC:
        return False
    is_of_entry = planted.file == "project.toml" and planted.field.startswith(f"inputs.{fault.table}.")
    return fault.file == planted.file or is_of_entry


def plan_of(folder: Path) -> Plan | str:
    """Numbers of a plan, or why there is none."""
    try:
        plan = siteplan.open_project(folder).plan(threads=2)
    except SiteplanError as error:
        return error.key
    if plan.record.is_wrong:
        return "sane_wrong"
    places = plan.proposal.places.proposed
    points = zip(places.geometry.x.round(-1), places.geometry.y.round(-1), strict=True)
    return Plan(
        plan.record.population_expected_after,
        plan.record.population_covered_after,
        frozenset((int(x), int(y)) for x, y in points),
    )


def change_of(before: Plan, after: Plan | str) -> float:
    """Largest relative change; 0 for a plan that was refused."""
    if isinstance(after, str):
        return 0.0
    numbers = [
        abs(b - a) / max(abs(a), 1.0)
        for a, b in ((before.expected, after.expected), (before.covered, after.covered))
    ]
    both = before.chosen | after.chosen
    return max(*numbers, len(before.chosen ^ after.chosen) / max(len(both), 1))


def try_sort(
    place: str, base: Path, known: Counter[tuple[object, ...]], usual: Plan, sort: Sort, seed: int
) -> Result | None:
    """Plant a sort in a copy and see what is said, else what it does."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        mutant = Path(folder) / "mutant"
        shutil.copytree(base, mutant, ignore=shutil.ignore_patterns("runs", ".cache", "checks"))
        planted = sort.plant(mutant, np.random.default_rng([seed, abs(hash_of(sort.name))]))
        if planted is None:
            return None
        fresh = [fault for fault in faults_of(mutant) if not known[key_of(fault)]]
        naming = [fault for fault in fresh if names_it(fault, planted)]
        said = tuple(
            sorted({str(key_of(fault)[1] if isinstance(fault, Fault) else fault) for fault in naming})
        )
        if naming:
            return Result(place, sort, "named", 0.0, said, time.perf_counter() - start)
        change = change_of(usual, plan_of(mutant))
        verdict = "SILENT" if change > MOST_CHANGE else "harmless"
        return Result(place, sort, verdict, change, said, time.perf_counter() - start)


def hash_of(name: str) -> int:
    """A number by a name, the same in every process."""
    return int.from_bytes(name.encode()[:8], "big")


def returned_form(base: Path, work: Path) -> Path:
    """A run of a place, for forms that come back."""
    plan = siteplan.open_project(base).plan(threads=2)
    plan.write(work / "run")
    return work / "run"


def try_return(place: str, base: Path, run: Path, sort: Sort, seed: int) -> Result | None:
    """Hand a spoilt form in: a spoilt row must not be taken without a word."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shutil.copytree(base, work / "project", ignore=shutil.ignore_patterns("runs", ".cache", "checks"))
        shutil.copytree(run, work / "project" / "runs" / "r")
        desk = work / "desk"
        desk.mkdir()
        lang = siteplan.open_project(base).language
        shutil.copy(run / translate("file_list", lang), desk / "form.xlsx")
        planted = sort.plant(desk, np.random.default_rng([seed, abs(hash_of(sort.name))]))
        if planted is None:
            return None
        project = siteplan.open_project(work / "project")
        files = [path for path in sorted(desk.iterdir()) if path.suffix == ".xlsx"]
        try:
            merged = project.merge_returns(work / "project" / "runs" / "r", files, reporter="张三").merge
        except SiteplanError as error:
            return Result(place, sort, "named", 0.0, (error.key,), time.perf_counter() - start)
        rows = set(planted.rows)
        spoilt = [each for each in merged.outcomes if not rows or each.row.row in rows]
        taken = [each for each in spoilt if each.verdict == "accepted"]
        said = tuple(sorted({f.problem for each in spoilt for f in each.faults if f.severity != "note"}))
        share = len(taken) / max(len(spoilt), 1)
        verdict = "SILENT" if taken and not said else "named"
        return Result(place, sort, verdict, share, said, time.perf_counter() - start)


def run_place(name: str, base: Path, work: Path, only: str, seed: int) -> list[Result]:
    """Every sort in one place."""
    known = Counter(key_of(fault) for fault in faults_of(base))
    usual = plan_of(base)
    assert isinstance(usual, Plan), f"{name} cannot be planned as it is: {usual}"
    print(f"{name}: {usual.covered:,.0f} people, {len(usual.chosen)} places", flush=True)
    run = returned_form(base, work / f"{name}-form") if any(s.family == "return" for s in SORTS) else base
    results = []
    for sort in SORTS:
        if not any(part in sort.name for part in only.split(",")):
            continue
        if sort.family == "return":
            result = try_return(name, base, run, sort, seed)
        else:
            result = try_sort(name, base, known, usual, sort, seed)
        if result is None:
            continue
        results.append(result)
        said = ", ".join(result.said)[:90]
        print(
            f"  {result.sort.family:<7}{result.sort.name:<36}{result.verdict:<9}{result.change:7.1%}  {said}",
            flush=True,
        )
    return results


def main() -> None:
    """Print every mutant and the totals by family."""
    parser = argparse.ArgumentParser()
    parser.add_argument("demo", type=Path)
    parser.add_argument("--only", default="", help="parts of names of sorts, with commas between")
    parser.add_argument("--place", default="", help="demo, andorra or oetztal")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    work = given.keep or Path(tempfile.mkdtemp())
    work.mkdir(parents=True, exist_ok=True)
    results = []
    for name, base in places(given.demo, work):
        if given.place not in name:
            continue
        results += run_place(name, base, work, given.only, given.seed)
    print(f"\n{len(SORTS)} sorts, {len(results)} mutants")
    table = Counter((each.sort.family, each.verdict) for each in results)
    for family in dict.fromkeys(each.sort.family for each in results):
        counts = {verdict: table[family, verdict] for verdict in ("named", "harmless", "SILENT")}
        print(f"  {family:<8}", "  ".join(f"{verdict} {count}" for verdict, count in counts.items()))
    for each in results:
        if each.verdict == "SILENT":
            print(f"  SILENT {each.place}: {each.sort.name} ({each.change:.1%}); right: {each.sort.right}")


if __name__ == "__main__":
    main()
