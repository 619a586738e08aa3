"""How good, how fast and how large is the choice of sites, beside a plain greedy and every solver installed?

``python benchmarks/selection.py city [--generator MAKE_INSTANCE_PY]``, the same with ``published``,
``peers [--peers-python PYTHON]`` or ``size [--plot FILE]``; ``-h`` after any of them tells the rest.

city
    Cities of the generator (``--generator``, or ``selection/make_instance.py`` under the folder that the
    variable SITEPLAN_REFERENCE names). Instances are kept in ``--cache``.
published
    Instances of three papers, read from the folder of the generator: ``ails``, ``cfl2019``, ``chen2023``.
    The demands are integers, so an instance is closed once the bound rounded down is the value.
peers
    Random clustered points. Every peer gets the same matrix in a process of its own: the time limit is
    handed to its solver, less what building the model took, and the process is killed at twice the limit.
    Its answer is scored again here, so a claim is only a claim. A relative gap of 1e-4 is asked of all.
size
    Cost against size; every thousand candidates come with a tenth of a million pixels.

Seconds are by the clock, of everything ``select`` does, after first small problems that compile and load;
where there are several runs, medians. Memory is the most a process ever held, its libraries and the
instance with it. "greedy" is the plain eager greedy below: exact gains kept by a reverse index, nothing
merged. "gap" is (bound - value) / bound.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

SEED = 20
LIMIT_S, GUARD_S = 60.0, 600.0
WORK = 1e9
"""More work than any run here can do: what ends them is the gap or the clock."""
FIRST_GAP = 1e-2
PEER_GAP = 1e-4
"""What HiGHS asks of itself by default."""

CITIES = (
    (6_000, 0, (1e-3, 0.0)),
    (20_000, 0, (1.2e-3, 7e-4)),
    (50_000, 0, (3e-3,)),
    (50_000, 1_500, (1e-3,)),
)
"""Candidates, existing sites, and gaps asked for, one after the other, each from the start."""

AILS_DOI = "10.1111/itor.13387"
AILS_RADIUS_M, AILS_EARTH_M = 600.0, 6_378_100.0
AILS = {
    "Bronx": {
        50: 1_205_051,
        60: 1_290_635,
        70: 1_348_232,
        80: 1_376_061,
        90: 1_384_376,
        100: 1_385_099,
    },
    "SanFrancisco": {50: 617_592, 60: 683_139, 70: 733_772, 80: 769_781, 90: 791_562, 100: 802_307},
}
AILS_PROVEN = {("Bronx", 50), ("Bronx", 60), ("SanFrancisco", 50)}
"""Best known covered demand by number of sites (Maximo, Cordeau, Nascimento 2023), and which are proven."""
SJC_RADII, SJC_SITES = (150.0, 200.0), (2, 4)
"""32 points of Sao Jose dos Campos in metres on a plane; the file states neither radius nor best value."""
CFL_DOI = "10.1016/j.ejor.2018.12.021"
RADII, BUDGET, BUDGET_SHARE = (5.5, 5.75, 6.0, 6.25), 10.0, 0.1
"""Cordeau, Furini, Ljubic 2019: budget of ten sites where each costs 1, else a share of all cost."""
CHEN, CHEN_CUSTOMERS = "EJOR 311 (2023) 73-87", 100_000
"""Chen et al. 2023: files s1 as facilities against files s2 as customers, and 100,000 drawn customers."""

PEER_SIZES = ((1_000, 100), (5_000, 300), (10_000, 500), (50_000, 2_000), (200_000, 6_000))
"""Demand points and candidates; a tenth of the candidates are chosen."""
PER_POINT = 8.0
MEMORY_GB = 8.0

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
PIXELS_PER_SITE, SITES_PER_CHOICE = 100, 20
SIZE_GAPS = (2e-2, 1e-2)


# --- one problem ----------------------------------------------------------------------------------------


def api():
    """siteplan.selection, loaded late: it brings HiGHS, which must not share a process with OR-tools."""
    return importlib.import_module("siteplan.selection")


def timed(call):
    """What a call gives, and seconds by the clock."""
    start = time.perf_counter()
    found = call()
    return found, time.perf_counter() - start


def answered(problem, runs=1, **limits):
    """Answer of select, and the median of its seconds."""
    found = [timed(lambda: api().select(problem, work_limit=WORK, **limits)) for _ in range(runs)]
    return found[-1][0], float(np.median([seconds for _, seconds in found]))


def verdict(problem, selection):
    """What the independent check says, in one word unless something is wrong."""
    checked = api().check(problem, selection)
    return "holds" if checked.holds else f"WRONG: {checked}"


def warmed():
    """Compile and load: a few thousand rows with county quotas, with one quota, and with a budget."""
    cover, weights = clustered_points(3_000, 200, SEED)
    county = np.arange(200) % 4
    for limits in (
        {"county": county, "county_quota": [5, 5, 5, 5]},
        {"quota": 20},
        {"cost": 1.0 + county, "budget": 40.0},
    ):
        problem = api().CoverProblem.from_arrays(cover, weights, **limits)
        selection, _ = answered(problem, gap=0.0, time_limit_s=5.0)
        api().check(problem, selection)


def eager_greedy(indptr, rows, row_ptr, cols, weights, group, left, picks):
    """Choose the largest gain within the quotas of groups, gains kept exact; compiled by `compiled`."""
    columns = len(indptr) - 1
    gain, used, covered = np.zeros(columns), np.zeros(columns, np.bool_), np.zeros(len(weights), np.bool_)
    for j in range(columns):
        for k in range(indptr[j], indptr[j + 1]):
            gain[j] += weights[rows[k]]
    chosen = np.empty(picks, np.int64)
    for turn in range(picks):
        best = -1
        for j in range(columns):
            if not used[j] and left[group[j]] > 0 and (best < 0 or gain[j] > gain[best]):
                best = j
        if best < 0:
            return chosen[:turn]
        chosen[turn], used[best] = best, True
        left[group[best]] -= 1
        for k in range(indptr[best], indptr[best + 1]):
            i = rows[k]
            if not covered[i]:
                covered[i] = True
                for t in range(row_ptr[i], row_ptr[i + 1]):
                    gain[cols[t]] -= weights[i]
    return chosen


@cache
def compiled():
    return importlib.import_module("numba").njit(eager_greedy)


def greedy(cover, weights, group, quota):
    """Columns a plain greedy chooses; making the reverse index is part of its work."""
    by_row = cover.tocsr()
    left = np.array(quota, dtype=np.int64)
    return compiled()(
        cover.indptr.astype(np.int64),
        cover.indices,
        by_row.indptr.astype(np.int64),
        by_row.indices,
        weights,
        group,
        left,
        int(left.sum()),
    )


def value_of(cover, weights, columns):
    """Weight covered by some columns of a 0/1 matrix."""
    return float(weights @ (cover[:, np.asarray(columns, dtype=np.int64)].sum(axis=1) > 0))


# --- processes ------------------------------------------------------------------------------------------


def in_child(arguments, limit_s=np.inf, python=sys.executable):
    """What this script found in a process of its own (None if it found nothing), how it ended, and peak MB.

    A process that takes longer than ``limit_s`` is killed with all it started.
    """
    with tempfile.TemporaryDirectory() as folder:
        out, noise = Path(folder) / "found.json", Path(folder) / "noise.txt"
        with noise.open("w") as file:
            started = subprocess.Popen(
                [python, __file__, "child", str(out), *map(str, arguments)],
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        status, usage, killed = waited(started, limit_s)
        peak_mb = usage.ru_maxrss / 1024.0
        if out.exists():
            return json.loads(out.read_text()), "ended", peak_mb
        if killed:
            return None, f"failed: killed after {limit_s:.0f} s", peak_mb
        last = (noise.read_text().strip().splitlines() or [f"status {status}"])[-1]
        return None, f"failed: {last[:70]}", peak_mb


def waited(started, limit_s):
    """Status, resources, and whether it had to be killed."""
    start, killed = time.perf_counter(), False
    try:
        while True:
            pid, status, usage = os.wait4(started.pid, os.WNOHANG)
            if pid:
                started.returncode = os.waitstatus_to_exitcode(status)
                return started.returncode, usage, killed
            if not killed and time.perf_counter() - start > limit_s:
                os.killpg(started.pid, signal.SIGKILL)
                killed = True
            time.sleep(0.02)
    finally:
        if started.returncode is None:
            os.killpg(started.pid, signal.SIGKILL)


def child(arguments):
    """The other side of `in_child`: run one of CHILDREN and leave what it found in a file."""
    out, name, *rest = arguments
    found = CHILDREN[name](*rest)
    part = Path(out).with_suffix(".part")
    part.write_text(json.dumps(found, default=float))
    part.rename(out)


# --- city -----------------------------------------------------------------------------------------------


def print_city(asked):
    generator = reference_of(asked) / "make_instance.py"
    folder = asked.cache or Path(tempfile.mkdtemp(prefix="siteplan-selection-"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"median of {asked.runs} run(s); 'first' is the time to a bound within {FIRST_GAP:.0%}")
    print(
        "candidates existing    pixels  nnz M |  merged  nnz M |   asked  seconds proven gap  source"
        "           peak GB | of greedy: value      time | first s (gap) | status, check"
    )
    for candidates, existing, gaps in CITIES:
        if candidates > asked.most:
            continue
        path = instance_file(generator, folder, candidates, existing)
        found, ended, peak_mb = in_child(["city", path, asked.runs, asked.limit, *gaps])
        if found is None:
            print(f"{candidates:10,d} {existing:8,d}  {ended}")
            continue
        for row in found["rows"]:
            print(
                f"{candidates:10,d} {existing:8,d} {found['pixels']:9,d} {found['entries'] / 1e6:6.1f} | "
                f"{found['merged']:7,d} {found['merged_entries'] / 1e6:6.2f} | {row['asked']:7.1e} "
                f"{row['seconds']:8.2f} {row['gap']:10.4%}  {row['source']:16s} {peak_mb / 1024:6.2f} | "
                f"{row['value'] / found['greedy']:14.5f} x {row['seconds'] / found['greedy_s']:7.1f} x | "
                f"{found['first_s']:6.2f} ({found['first_gap']:.2%}) | {row['status']}, {row['check']}",
                flush=True,
            )


def reference_of(asked):
    """Folder that holds the generator and the published instances."""
    if asked.generator:
        return asked.generator.resolve().parent
    named = os.environ.get("SITEPLAN_REFERENCE")
    if not named:
        raise SystemExit("give --generator PATH, or name the reference folder in SITEPLAN_REFERENCE")
    return Path(named).resolve() / "selection"


def instance_file(generator, folder, candidates, existing):
    """An instance of the generator, made once."""
    path = folder / f"star_{candidates}_{existing}.npz"
    if not path.exists():
        made = folder / f"making_{os.getpid()}.npz"
        command = [sys.executable, str(generator), str(candidates), "star", str(made)]
        command += [str(existing)] if existing else []
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        made.rename(path)
    return path


def read_city(path):
    """Matrix, weights, county and quota of a file of the generator."""
    with np.load(path) as file:
        indptr, indices, weights = file["indptr"], file["indices"], file["weights"]
        county, quota = file["county"], file["quota"]
    shares = np.ones(len(indices), dtype=np.float32)
    cover = sparse.csc_array((shares, indices, indptr), shape=(len(weights), len(indptr) - 1))
    cover.sort_indices()
    return cover, weights, county, quota


def city_child(path, runs, limit, *gaps):
    warmed()
    cover, weights, county, quota = read_city(path)
    problem = api().CoverProblem.from_arrays(cover, weights, county=county, county_quota=quota.tolist())
    greedy(*tiny())
    columns, greedy_s = timed(lambda: greedy(cover, weights, county, quota))
    core = api().Solver(problem).core
    reached = np.zeros(len(weights), dtype=bool)
    reached[cover.indices] = True
    guard = {"time_limit_s": float(limit)}
    first, first_s = answered(problem, int(runs), gap=FIRST_GAP, **guard)
    rows = []
    for gap in map(float, gaps):
        selection, seconds = answered(problem, int(runs), gap=gap, **guard)
        rows.append(
            {
                "asked": gap,
                "seconds": seconds,
                "value": selection.objective,
                "gap": selection.optimality_gap,
                "source": selection.bound_source,
                "status": selection.status,
                "check": verdict(problem, selection),
            }
        )
    return {
        "rows": rows,
        "pixels": int((reached & (weights > 0)).sum()),
        "entries": cover.nnz,
        "merged": len(core.weight),
        "merged_entries": len(core.rows),
        "first_s": first_s,
        "first_gap": first.optimality_gap,
        "greedy": value_of(cover, weights, columns),
        "greedy_s": greedy_s,
    }


def tiny():
    """What compiles the greedy."""
    cover, weights = clustered_points(200, 20, SEED)
    return cover, weights, np.zeros(20, dtype=np.int64), [2]


# --- published ------------------------------------------------------------------------------------------


def print_published(asked):
    warmed()
    print(f"time limit {asked.limit:.0f} s, gap 0; AILS: DOI {AILS_DOI}, CFL: DOI {CFL_DOI}, Chen: {CHEN}")
    print(
        f"{'instance':46s} {'limit':>10s} {'found':>11s} {'best known':>11s} {'of it':>9s} {'bound':>13s} "
        f"{'gap':>9s} {'seconds':>8s}"
    )
    for name, best, make in published(reference_of(asked), asked.customers):
        if not asked.only or any(each.lower() in name.lower() for each in asked.only.split(",")):
            print_published_one(name, best, make(), asked.limit)


def print_published_one(name, best, made, limit_s):
    """One instance: value against the best known (a star: proven) and against our bound."""
    cover, demand, limits, limit = made
    problem = api().CoverProblem.from_arrays(cover, demand, **limits)
    selection, seconds = answered(problem, gap=0.0, time_limit_s=limit_s)
    value, whole = selection.objective, np.floor(selection.upper_bound + 1e-6)
    notes = ["closed" if whole == round(value) else "open", selection.status, selection.bound_source]
    notes.append(verdict(problem, selection))
    known = of_it = ""
    if best is not None:
        most, star = best
        known, of_it = f"{most:,d}{star or ' '}", f"{value / most:.4%}"
        notes += ["BOUND BELOW BEST KNOWN"] if whole < most else []
        notes += ["better than best known"] if value > most else []
    print(
        f"{name:46s} {limit:>10s} {value:11,.0f} {known:>11s} {of_it:>9s} {selection.upper_bound:13,.2f} "
        f"{selection.optimality_gap:9.4%} {seconds:8.2f}  {', '.join(notes)}",
        flush=True,
    )


def published(reference, customers):
    """Name, best known value and maker of every published instance found."""
    for name, known in AILS.items():
        for sites, best in known.items():
            star = "*" if (name, sites) in AILS_PROVEN else ""
            yield f"{name} p={sites}", (best, star), lambda n=name, p=sites: ails(reference, n, p)
    for radius in SJC_RADII:
        for sites in SJC_SITES:
            yield f"SJC32 r={radius:g} p={sites}", None, lambda r=radius, p=sites: sjc(reference, r, p)
    for path in sorted((reference / "cfl2019").glob("*.dat")):
        for radius in RADII:
            yield f"cfl {path.stem} r={radius:g}", None, lambda f=path, r=radius: cfl(f, r)
    for path in sorted((reference / "chen2023").glob("*s1.dat")):
        for radius in RADII:
            yield f"chen {path.stem}/s2 r={radius:g}", None, lambda f=path, r=radius: chen(f, r, 0)
    for path in sorted((reference / "chen2023").glob("*.dat")):
        name = f"chen {path.stem}/{customers:,d} drawn"
        yield f"{name} r=5.75", None, lambda f=path: chen(f, 5.75, customers)


def read_ails(path):
    """Coordinates and demand of each node of an AILS file."""
    lines = [line.strip() for line in path.read_text().splitlines()]
    nodes, demands = lines.index("NODE_COORD_SECTION"), lines.index("DEMAND_SECTION")
    places = np.array([line.split() for line in lines[nodes + 1 : demands]], dtype=float)
    demand = [float(line) for line in lines[demands + 1 :] if line and line != "EOF"]
    return places, np.array(demand[: len(places)])


def ails(reference, name, sites):
    """Nodes within the radius by the spherical law of cosines, the angles in single precision.

    Cosines in single precision would not do: 600 m are less than one step of it.
    """
    places, demand = read_ails(reference / "ails" / f"{name}.txt")
    north, east = np.radians(places).astype(np.float32).astype(np.float64).T
    across = np.cos(north)[:, None] * np.cos(north) * np.cos(east[:, None] - east)
    cosine = np.clip(np.sin(north)[:, None] * np.sin(north) + across, -1.0, 1.0)
    near = AILS_EARTH_M * np.arccos(cosine) <= AILS_RADIUS_M
    near |= np.eye(len(near), dtype=bool)
    return sparse.csc_array(near.astype(np.float32)), demand, {"quota": sites}, f"{sites} sites"


def sjc(reference, radius, sites):
    places, demand = read_ails(reference / "ails" / "SJC32.txt")
    return discs(places, places, radius), demand, {"quota": sites}, f"{sites} sites"


def cfl(path, radius):
    """Facilities F and customers C: number, x, y, then cost or demand."""
    lines = [line.split() for line in path.read_text().splitlines()[1:]]
    facility = np.array([line[2:5] for line in lines if line and line[0] == "F"], dtype=float)
    customer = np.array([line[2:5] for line in lines if line and line[0] == "C"], dtype=float)
    return with_budget(facility[:, :2], facility[:, 2], customer[:, :2], customer[:, 2], radius)


def chen(path, radius, customers):
    """Points: number, x, y, cost as a facility, demand as a customer."""
    facility = np.loadtxt(path, skiprows=1)
    if customers:
        rng = np.random.default_rng(SEED)
        places, demand = rng.uniform(0.0, 30.0, (customers, 2)), rng.integers(1, 101, customers).astype(float)
    else:
        customer = np.loadtxt(path.with_name(path.name.replace("s1.", "s2.")), skiprows=1)
        places, demand = customer[:, 1:3], customer[:, 4]
    return with_budget(facility[:, 1:3], facility[:, 3], places, demand, radius)


def with_budget(facilities, cost, customers, demand, radius):
    """Cover by discs under the budget of the papers."""
    budget = BUDGET if (cost == 1.0).all() else np.floor(BUDGET_SHARE * cost.sum())
    cover = discs(customers, facilities, radius)
    return cover, demand, {"cost": cost, "budget": budget}, f"cost {budget:,.0f}"


def discs(points, centres, radius):
    """0/1 matrix, points x centres, 1 within the radius."""
    near = cKDTree(points).query_ball_point(centres, radius, return_sorted=True)
    return from_lists(near, len(points))


def from_lists(near, rows):
    """0/1 matrix from the rows of each column."""
    indptr = np.concatenate([[0], np.cumsum([len(each) for each in near])])
    indices = np.concatenate([np.asarray(each, dtype=np.int32) for each in near])
    shares = np.ones(len(indices), dtype=np.float32)
    return sparse.csc_array((shares, indices, indptr), shape=(rows, len(near)))


# --- peers ----------------------------------------------------------------------------------------------


def print_peers(asked):
    print(f"{asked.limit:.0f} s for a solver, killed at {2 * asked.limit:.0f} s, {asked.memory:g} GB at most")
    print(
        f"{'demand x candidates x p':24s} {'peer':16s} {'seconds':>8s} {'build s':>8s} {'peak MB':>8s} "
        f"{'value':>11s} {'claimed':>13s} {'gap to our bound':>17s}  status it claims [version]"
    )
    with tempfile.TemporaryDirectory() as folder:
        for points, candidates in PEER_SIZES[asked.first - 1 : asked.sizes]:
            print_peers_of(asked, Path(folder), points, candidates)


def print_peers_of(asked, folder, points, candidates):
    cover, weights = clustered_points(points, candidates, SEED + points)
    sites, path, bound = candidates // 10, folder / "instance.npz", np.nan
    np.savez(path, indptr=cover.indptr, indices=cover.indices, weights=weights, sites=sites)
    size = f"{points:,d} x {candidates:,d} x {sites}"
    for name in PEERS:
        if asked.only and name not in ("ours", *asked.only.split(",")):
            continue
        found, ended, peak_mb = peer_answer(name, path, asked)
        if found is None or "value" not in found:
            note = ended if found is None else found["status"]
            print(f"{size:24s} {name:16s} {'':8s} {'':8s} {peak_mb:8.0f} {note}", flush=True)
            continue
        bound = found["bound"] if name == "ours" else bound
        print(
            f"{size:24s} {name:16s} {found['seconds']:8.2f} {found['build_s']:8.2f} {peak_mb:8.0f} "
            f"{found['value']:11,.0f} {found['claimed']:13,.1f} {1.0 - found['value'] / bound:17.4%}  "
            f"{found['status']} [{found['version']}]",
            flush=True,
        )


def peer_answer(name, path, asked):
    """Answer of one peer, in the Python for peers or else in this one."""
    pythons = [sys.executable]
    if asked.peers_python and name not in ("ours", "eager greedy"):
        pythons.insert(0, asked.peers_python)
    for python in pythons:
        answer = in_child(["peer", name, path, asked.limit, asked.memory], 2.0 * asked.limit, python)
        if answer[0] is None or answer[0]["status"] != "not installed":
            break
    return answer


def peer_child(name, path, limit, memory):
    """Load, warm up on a small problem, then solve; the value is what the columns really cover."""
    size = int(float(memory) * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    peer, package = PEERS[name]
    try:
        version = f"{package} {importlib.metadata.version(package)}"
        small, few = clustered_points(200, 20, SEED)
        peer(small, few, 2, time.perf_counter(), 10.0)
    except (ModuleNotFoundError, importlib.metadata.PackageNotFoundError):
        return {"status": "not installed"}
    if name == "ours":
        warmed()
    with np.load(path) as file:
        weights, sites, indices, indptr = file["weights"], int(file["sites"]), file["indices"], file["indptr"]
    shares = np.ones(len(indices), dtype=np.float32)
    cover = sparse.csc_array((shares, indices, indptr), shape=(len(weights), len(indptr) - 1))
    try:
        found, seconds = timed(lambda: peer(cover, weights, sites, time.perf_counter(), float(limit)))
    except MemoryError:
        return {"status": f"failed: out of memory ({float(memory):g} GB)"}
    columns = np.unique(np.asarray(found.pop("columns"), dtype=np.int64))
    if len(columns) > sites:
        found["status"] += f", but {len(columns)} sites"
    found.setdefault("build_s", 0.0)
    return {**found, "value": value_of(cover, weights, columns), "seconds": seconds, "version": version}


def clustered_points(points, candidates, seed):
    """0/1 cover of points by discs of one radius, 8 candidates near a point on average; weights 1 to 100."""
    rng = np.random.default_rng(seed)
    clusters = max(4, candidates // 50)
    middle, spread = rng.uniform(0.0, 100.0, (clusters, 2)), rng.uniform(1.0, 6.0, clusters)
    size = rng.lognormal(0.0, 1.0, clusters)

    def drawn(count):
        which = rng.choice(clusters, count, p=size / size.sum())
        near = middle[which] + rng.normal(size=(count, 2)) * spread[which, None]
        return np.where(rng.random((count, 1)) < 0.2, rng.uniform(0.0, 100.0, (count, 2)), near)

    demand, sites = drawn(points), drawn(candidates)
    some = demand[:5_000]
    trees, low, high = (cKDTree(some), cKDTree(sites)), 0.0, 150.0
    for _ in range(40):
        radius = 0.5 * (low + high)
        many = trees[0].count_neighbors(trees[1], radius) > PER_POINT * len(some)
        low, high = (low, radius) if many else (radius, high)
    return discs(demand, sites, high), rng.integers(1, 101, points).astype(float)


def left_of(start, limit):
    """What is left of a time limit [s]."""
    return max(1.0, limit - (time.perf_counter() - start))


def ours(cover, weights, sites, start, limit):
    problem = api().CoverProblem.from_arrays(cover, weights, quota=sites)
    build_s = time.perf_counter() - start
    found = api().select(problem, gap=PEER_GAP, work_limit=WORK, time_limit_s=left_of(start, limit))
    return {
        "columns": found.columns,
        "claimed": found.objective,
        "bound": found.upper_bound,
        "build_s": build_s,
        "status": f"{found.status}, gap {found.optimality_gap:.4%}, {verdict(problem, found)}",
    }


def by_greedy(cover, weights, sites, _start, _limit):
    columns = greedy(cover, weights, np.zeros(cover.shape[1], dtype=np.int64), [sites])
    return {"columns": columns, "claimed": value_of(cover, weights, columns), "status": "no bound"}


def model(cover, weights, sites):
    """Costs, matrix and upper ends: columns y then z; minimise -w z, z_i - sum y_j <= 0, sum y <= p."""
    rows, columns = cover.shape
    matrix = sparse.block_array(
        [[-cover.tocsr().astype(float), sparse.eye_array(rows)], [np.ones((1, columns)), None]], format="csr"
    )
    return np.concatenate([np.zeros(columns), -weights]), matrix, np.concatenate([np.zeros(rows), [sites]])


def by_highs(cover, weights, sites, start, limit):
    highspy = importlib.import_module("highspy")
    cost, matrix, upper = model(cover, weights, sites)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(cost), len(upper)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(len(cost)), np.ones(len(cost))
    lp.row_lower_, lp.row_upper_ = np.full(len(upper), -highspy.kHighsInf), upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    kinds = highspy.HighsVarType
    lp.integrality_ = [kinds.kInteger] * cover.shape[1] + [kinds.kContinuous] * len(weights)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("mip_rel_gap", PEER_GAP)
    solver.passModel(lp)
    build_s = time.perf_counter() - start
    solver.setOptionValue("time_limit", left_of(start, limit))
    solver.run()
    info, chosen = solver.getInfo(), np.array(solver.getSolution().col_value)[: cover.shape[1]]
    status = solver.modelStatusToString(solver.getModelStatus())
    return {
        "columns": np.flatnonzero(chosen > 0.5),
        "claimed": -info.objective_function_value,
        "build_s": build_s,
        "status": f"{status}, gap {info.mip_gap:.4%}",
    }


def by_scipy(cover, weights, sites, start, limit):
    optimize = importlib.import_module("scipy.optimize")
    cost, matrix, upper = model(cover, weights, sites)
    whole = np.concatenate([np.ones(cover.shape[1]), np.zeros(len(weights))])
    build_s = time.perf_counter() - start
    found = optimize.milp(
        cost,
        integrality=whole,
        bounds=optimize.Bounds(0.0, 1.0),
        constraints=optimize.LinearConstraint(matrix, -np.inf, upper),
        options={"time_limit": left_of(start, limit), "mip_rel_gap": PEER_GAP},
    )
    chosen = np.zeros(0) if found.x is None else found.x[: cover.shape[1]]
    return {
        "columns": np.flatnonzero(chosen > 0.5),
        "claimed": np.nan if found.fun is None else -found.fun,
        "build_s": build_s,
        "status": found.message.split("(")[0].strip(),
    }


def by_spopt(cover, weights, sites, start, limit, solver):
    """MCLP of spopt; it takes a dense matrix of costs, 0 within reach and 2 beyond here."""
    locate, pulp = importlib.import_module("spopt.locate"), importlib.import_module("pulp")
    costs = np.full(cover.shape, 2.0)
    entries = cover.tocoo()
    costs[entries.row, entries.col] = 0.0
    built = locate.MCLP.from_cost_matrix(costs, weights, service_radius=1.0, p_facilities=sites)
    build_s = time.perf_counter() - start
    options = {"msg": False, "timeLimit": left_of(start, limit), "gapRel": PEER_GAP}
    note = ""
    try:
        built.solve(getattr(pulp, solver)(**options), results=False)
    except RuntimeError as error:
        note = f", {error}".split(". See", maxsplit=1)[0]
    chosen = [var.value() or 0.0 for var in built.fac_vars]
    claimed = pulp.value(built.problem.objective)
    return {
        "columns": np.flatnonzero(np.array(chosen) > 0.5),
        "claimed": np.nan if claimed is None else claimed,
        "build_s": build_s,
        "status": pulp.LpStatus[built.problem.status] + note,
    }


def by_spopt_highs(*given):
    return by_spopt(*given, "HiGHS")


def by_spopt_cbc(*given):
    return by_spopt(*given, "PULP_CBC_CMD")


def by_cp_sat(cover, weights, sites, start, limit):
    cp = importlib.import_module("ortools.sat.python.cp_model")
    by_row, built = cover.tocsr(), cp.CpModel()
    opened = [built.new_bool_var("") for _ in range(cover.shape[1])]
    covered = [built.new_bool_var("") for _ in range(cover.shape[0])]
    for i, each in enumerate(covered):
        near = by_row.indices[by_row.indptr[i] : by_row.indptr[i + 1]]
        built.add_bool_or([opened[j] for j in near] + [~each])
    built.add(cp.LinearExpr.sum(opened) <= sites)
    built.maximize(cp.LinearExpr.weighted_sum(covered, weights.astype(int).tolist()))
    build_s, solver = time.perf_counter() - start, cp.CpSolver()
    solver.parameters.max_time_in_seconds = left_of(start, limit)
    solver.parameters.relative_gap_limit = PEER_GAP
    solver.parameters.num_workers = os.cpu_count() or 1
    status = solver.solve(built)
    there = status in (cp.OPTIMAL, cp.FEASIBLE)
    columns = [j for j, var in enumerate(opened) if solver.value(var)] if there else []
    claimed, bound = (solver.objective_value, solver.best_objective_bound) if there else (np.nan, np.nan)
    return {
        "columns": columns,
        "claimed": claimed,
        "build_s": build_s,
        "status": f"{solver.status_name(status)}, gap {1.0 - claimed / bound:.4%}",
    }


def by_pdlp(cover, weights, sites, start, limit):
    """PDLP solves the relaxation; its answer is made of the largest y here."""
    pdlp = importlib.import_module("ortools.pdlp.python.pdlp")
    messages = importlib.import_module("ortools.pdlp.solvers_pb2")
    reasons = importlib.import_module("ortools.pdlp.solve_log_pb2").TerminationReason
    cost, matrix, upper = model(cover, weights, sites)
    built = pdlp.QuadraticProgram()
    built.resize_and_initialize(len(cost), len(upper))
    built.objective_vector, built.constraint_matrix = cost, matrix.tocsc()
    built.variable_lower_bounds, built.variable_upper_bounds = np.zeros(len(cost)), np.ones(len(cost))
    built.constraint_lower_bounds, built.constraint_upper_bounds = np.full(len(upper), -np.inf), upper
    parameters = messages.PrimalDualHybridGradientParams(num_threads=os.cpu_count() or 1)
    ends = parameters.termination_criteria
    ends.simple_optimality_criteria.eps_optimal_relative = PEER_GAP
    build_s = time.perf_counter() - start
    ends.time_sec_limit = left_of(start, limit)
    found = pdlp.primal_dual_hybrid_gradient(built, parameters)
    reason = reasons.Name(found.solve_log.termination_reason).removeprefix("TERMINATION_REASON_")
    largest = np.argsort(-np.array(found.primal_solution[: cover.shape[1]]), kind="stable")[:sites]
    return {
        "columns": largest,
        "claimed": float(-cost @ found.primal_solution),
        "build_s": build_s,
        "status": f"{reason} of the relaxation (claims its value), the largest y taken",
    }


def by_apricot(cover, weights, sites, start, _limit):
    """Facility location, the most of a weight among the chosen, on a square matrix, candidates first."""
    apricot = importlib.import_module("apricot")
    rows, columns = cover.shape
    entries = cover.T.tocoo()
    values, cells = weights[entries.col], (entries.row, columns + entries.col)
    square = sparse.csr_matrix((values, cells), shape=(rows + columns, rows + columns))
    build_s = time.perf_counter() - start
    found = apricot.FacilityLocationSelection(sites, metric="precomputed").fit(square)
    chosen = found.ranking[found.ranking < columns]
    return {"columns": chosen, "claimed": found.gains.sum(), "build_s": build_s, "status": "no bound"}


PEERS = {
    "ours": (ours, "siteplan"),
    "eager greedy": (by_greedy, "numba"),
    "HiGHS": (by_highs, "highspy"),
    "scipy milp": (by_scipy, "scipy"),
    "spopt HiGHS": (by_spopt_highs, "spopt"),
    "spopt CBC": (by_spopt_cbc, "spopt"),
    "OR-tools CP-SAT": (by_cp_sat, "ortools"),
    "OR-tools PDLP": (by_pdlp, "ortools"),
    "apricot": (by_apricot, "apricot-select"),
}
"""What solves, and the package whose version is told."""


# --- size -----------------------------------------------------------------------------------------------


def print_size(asked):
    print(
        f"{'candidates':>10s} {'pixels':>10s} {'nnz M':>7s} {'choose':>7s} {'peak GB':>8s} {'greedy s':>9s}"
        + "".join(f" | to {gap:.0%}: s per nnz M  proven gap" for gap in SIZE_GAPS)
    )
    rows = []
    for candidates in SIZES:
        if candidates > asked.most:
            continue
        found, ended, peak_mb = in_child(["size", candidates, asked.runs, asked.limit])
        if found is None:
            print(f"{candidates:10,d} {ended}", flush=True)
            continue
        rows.append(found)
        millions = found["entries"] / 1e6
        told = "".join(
            f" | {each['seconds']:8.2f} {each['seconds'] / millions:9.3f} {each['gap']:11.4%}"
            for each in found["steps"]
        )
        print(
            f"{candidates:10,d} {found['pixels']:10,d} {millions:7.2f} {found['choose']:7,d} "
            f"{peak_mb / 1024:8.2f} {found['greedy_s']:9.2f}{told}  {found['check']}",
            flush=True,
        )
    if asked.plot and rows:
        plot_size(rows, asked.plot)


def size_child(candidates, runs, limit):
    warmed()
    cover, weights = country(int(candidates))
    choose = int(candidates) // SITES_PER_CHOICE
    problem = api().CoverProblem.from_arrays(cover, weights, quota=choose)
    greedy(*tiny())
    _, greedy_s = timed(lambda: greedy(cover, weights, np.zeros(cover.shape[1], dtype=np.int64), [choose]))
    steps, verdicts = [], []
    for gap in SIZE_GAPS:
        selection, seconds = answered(problem, int(runs), gap=gap, time_limit_s=float(limit))
        steps.append({"seconds": seconds, "gap": selection.optimality_gap})
        verdicts.append(verdict(problem, selection))
    return {
        "pixels": len(weights),
        "entries": cover.nnz,
        "choose": choose,
        "greedy_s": greedy_s,
        "steps": steps,
        "check": ", ".join(sorted(set(verdicts))),
    }


def country(candidates):
    """Pixels in a square, discs of 8 to 15 pixels, most of them where the demand is; alike at any size."""
    gaussian_filter = importlib.import_module("scipy.ndimage").gaussian_filter
    rng = np.random.default_rng(SEED)
    side = round((candidates * PIXELS_PER_SITE) ** 0.5)
    towns = gaussian_filter(rng.normal(size=(side, side)), 12.0, mode="wrap")
    weights = np.exp(2.0 * towns / towns.std()) * rng.exponential(size=(side, side))
    crowd = np.cumsum(np.sqrt(weights.ravel()))
    dense = np.searchsorted(crowd, rng.uniform(0.0, crowd[-1], candidates - candidates // 3))
    middle = np.sort(np.concatenate([dense, rng.integers(0, side * side, candidates // 3)]))
    middle = np.minimum(middle, side * side - 1)
    radius = rng.uniform(8.0, 15.0, candidates)
    down, right = np.mgrid[-15:16, -15:16].reshape(2, -1)
    near = []
    for row, column, reach in zip(middle // side, middle % side, radius, strict=True):
        inside = down**2 + right**2 <= reach**2
        rows, columns = row + down[inside], column + right[inside]
        there = (rows >= 0) & (rows < side) & (columns >= 0) & (columns < side)
        near.append((rows[there] * side + columns[there]).astype(np.int32))
    return from_lists(near, side * side), weights.ravel()


def plot_size(rows, path):
    """Seconds against entries, both logarithmic."""
    importlib.import_module("matplotlib").use("Agg")
    plt = importlib.import_module("matplotlib.pyplot")
    figure, axes = plt.subplots(figsize=(7.0, 4.5), layout="constrained")
    entries = [row["entries"] / 1e6 for row in rows]
    for number, gap in enumerate(SIZE_GAPS):
        seconds = [row["steps"][number]["seconds"] for row in rows]
        axes.loglog(entries, seconds, "o-", label=f"bound within {gap:.0%}")
    greedy_s = [row["greedy_s"] for row in rows]
    axes.loglog(entries, greedy_s, "s--", color="0.5", label="plain greedy, no bound")
    axes.set(xlabel="pairs of pixel and candidate [million]", ylabel="seconds")
    axes.set_title("Choosing sites: cost against size")
    axes.grid(which="both", alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=150)
    print(f"plot in {path}")


# --- command line ---------------------------------------------------------------------------------------

CHILDREN = {"city": city_child, "peer": peer_child, "size": size_child}


def main():
    if sys.argv[1:2] == ["child"]:
        child(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for name, run in (
        ("city", print_city),
        ("published", print_published),
        ("peers", print_peers),
        ("size", print_size),
    ):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        if name in ("city", "published"):
            command.add_argument("--generator", type=Path, help="path of make_instance.py")
        if name in ("city", "size"):
            command.add_argument("--runs", type=int, default=3)
            command.add_argument("--most", type=int, default=10**9, help="most candidates")
        guard = LIMIT_S if name in ("published", "peers") else GUARD_S
        command.add_argument("--limit", type=float, default=guard, help="seconds for a solver")
        if name in ("published", "peers"):
            command.add_argument("--only", default="", help="parts of names, or names of peers, with commas")
    commands.choices["city"].add_argument("--cache", type=Path, help="folder for instances")
    commands.choices["published"].add_argument("--customers", type=int, default=CHEN_CUSTOMERS)
    peers = commands.choices["peers"]
    peers.add_argument("--peers-python", help="a Python that has the peers installed")
    peers.add_argument("--first", type=int, default=1, help="first size")
    peers.add_argument("--sizes", type=int, default=len(PEER_SIZES), help="last size")
    peers.add_argument("--memory", type=float, default=MEMORY_GB, help="GB a peer may map")
    commands.choices["size"].add_argument("--plot", type=Path, help="PNG to write")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    asked.run(asked)


if __name__ == "__main__":
    main()
