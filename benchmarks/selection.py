"""Choosing sites: how good, how soon, how sure; on drawn cities, published instances and beside peers.

``python benchmarks/selection.py city --instances FOLDER`` (npz files of drawn cities, quotas by county),
``python benchmarks/selection.py published --instances FOLDER`` (``ails``, ``cfl2019``, ``chen2023``),
``python benchmarks/selection.py peers`` and ``... size [--plot FILE]`` need no files.

Peers run in processes of their own with a limit of time; what is not installed is said to be so. Greedy
is written here, eager and plain, and runs in the same process. Compiled kernels are warmed up first.
"""

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from numba import njit
from scipy import sparse
from scipy.spatial import cKDTree

from siteplan.selection import CoverProblem, Limits, Solver, check, select, select_fewest, solved

EARTH_M = 6_378_100.0
AILS = {
    ("Bronx", 50): 1205051, ("Bronx", 60): 1290635, ("Bronx", 70): 1348232, ("Bronx", 80): 1376061,
    ("Bronx", 90): 1384376, ("Bronx", 100): 1385099, ("SanFrancisco", 50): 617592,
    ("SanFrancisco", 60): 683139, ("SanFrancisco", 70): 733772, ("SanFrancisco", 80): 769781,
    ("SanFrancisco", 90): 791562, ("SanFrancisco", 100): 802307,
}  # fmt: skip
"""Best known covered demand at 600 m: Maximo, Cordeau, Nascimento 2023, doi 10.1111/itor.13387."""
CITY_GAPS = {6: (1e-2, 1e-3, 0.0), 20: (1e-2, 1.2e-3, 7e-4), 50: (1e-2, 3e-3)}
PEERS = ("ours", "highs", "scipy", "spopt_highs", "spopt_cbc", "cpsat", "pdlp", "apricot")
NEEDS = {
    "highs": "highspy", "scipy": "scipy", "spopt_highs": "spopt", "spopt_cbc": "spopt", "cpsat": "ortools",
    "pdlp": "ortools", "apricot": "apricot",
}  # fmt: skip
SIZES = ((1_000, 100), (5_000, 300), (10_000, 500), (50_000, 2_000), (200_000, 6_000))


# --- instances -------------------------------------------------------------------------------------------


def from_npz(path):
    """A city: quotas by county."""
    z = np.load(path)
    n = len(z["indptr"]) - 1
    matrix = sparse.csc_array(
        (np.ones(len(z["indices"]), np.float32), z["indices"], z["indptr"]), shape=(len(z["weights"]), n)
    )
    return CoverProblem.from_arrays(
        matrix, z["weights"], county=z["county"], county_quota=[int(q) for q in z["quota"]]
    )


def from_ails(path, p, reach_m):
    """Every node is client and facility; distance by the spherical law of cosines in single precision."""
    lines = path.read_text().split()
    at, demand_at = lines.index("NODE_COORD_SECTION") + 1, lines.index("DEMAND_SECTION")
    xy = np.array(lines[at:demand_at], dtype=np.float64).reshape(-1, 2)
    demand = np.array(lines[demand_at + 1 : demand_at + 1 + len(xy)], dtype=np.float64)
    lat, lon = np.radians(xy).T
    cosine = np.sin(lat)[:, None] * np.sin(lat) + np.cos(lat)[:, None] * np.cos(lat) * np.cos(
        lon[:, None] - lon
    )
    near = (EARTH_M * np.arccos(np.clip(cosine, -1, 1))).astype(np.float32) <= reach_m
    np.fill_diagonal(near, val=True)
    return CoverProblem.from_arrays(sparse.csr_array(near.astype(np.float32)), demand, quota=p)


def from_grid(path, reach, budget):
    """Facilities with a cost (one where the file gives ones), customers with demand, a disc, a budget."""
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
    facility = np.array([row[2:5] for row in rows if row[0] == "F"], dtype=float)
    customer = np.array([row[2:5] for row in rows if row[0] == "C"], dtype=float)
    return _discs(facility[:, :2], facility[:, 2], customer[:, :2], customer[:, 2], reach, budget)


def from_points(path, reach, share, customers=None):
    """Points as facilities with a budget of their own; the same or drawn points as customers."""
    rows = np.array(
        [line.split()[:5] for line in path.read_text().splitlines()[1:] if line.strip()], dtype=float
    )
    own = rows[:, 1:3]
    where, demand = own, rows[:, 4]
    if customers:
        rng = np.random.default_rng(customers)
        where, demand = rng.random((customers, 2)) * 30.0, rng.integers(1, 101, customers).astype(float)
    return _discs(own, rows[:, 3], where, demand, reach, share * rows[:, 3].sum())


def _discs(facility, cost, customer, demand, reach, budget):
    hit = cKDTree(customer).query_ball_point(facility, reach)
    cols = np.repeat(np.arange(len(facility)), [len(each) for each in hit])
    rows = np.concatenate([np.array(each, dtype=np.int64) for each in hit])
    matrix = sparse.csr_array(
        (np.ones(len(rows), np.float32), (rows, cols)), shape=(len(customer), len(facility))
    )
    return CoverProblem.from_arrays(matrix, demand, cost=cost, budget=float(budget))


def drawn(rows, candidates, per_point=8.0, seed=0):
    """Clustered points; discs so that a point has about eight candidates."""
    rng = np.random.default_rng(seed)
    towns = rng.random((40, 2))
    demand = np.clip(towns[rng.integers(0, 40, rows)] + rng.normal(0, 0.06, (rows, 2)), 0, 1)
    sites = np.clip(towns[rng.integers(0, 40, candidates)] + rng.normal(0, 0.06, (candidates, 2)), 0, 1)
    tree = cKDTree(sites)
    reach = float(np.median(tree.query(demand[: min(rows, 4000)], k=int(per_point))[0][:, -1]))
    hit = cKDTree(demand).query_ball_point(sites, reach)
    cols = np.repeat(np.arange(candidates), [len(each) for each in hit])
    at = np.concatenate([np.array(each, dtype=np.int64) for each in hit])
    matrix = sparse.csr_array((np.ones(len(at), np.float32), (at, cols)), shape=(rows, candidates))
    return matrix, rng.integers(1, 101, rows).astype(float)


# --- the plain peer in this process -----------------------------------------------------------------------


@njit(cache=True)
def _eager(indptr, rows, weight, county, room):
    covered = np.zeros(len(weight), np.bool_)
    gain = np.zeros(len(indptr) - 1)
    total = 0.0
    while True:
        best, most = -1, 0.0
        for j in range(len(gain)):
            if room[county[j]] > 0:
                gain[j] = 0.0
                for k in range(indptr[j], indptr[j + 1]):
                    if not covered[rows[k]]:
                        gain[j] += weight[rows[k]]
                if gain[j] > most:
                    best, most = j, gain[j]
        if best < 0:
            return total
        total += most
        room[county[best]] -= 1
        for k in range(indptr[best], indptr[best + 1]):
            covered[rows[k]] = True


def greedy(problem):
    """Value and seconds of plain greedy under quotas by county."""
    county = np.zeros(problem.columns, dtype=np.int64)
    room = np.array([cap.limit for cap in problem.caps]).astype(np.int64)
    for number, cap in enumerate(problem.caps):
        county[cap.members] = number
    started = time.perf_counter()
    value = _eager(problem.indptr, problem.rows, problem.weight, county, room)
    return value, time.perf_counter() - started


def peak_gib():
    """Largest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def warm():
    """Compile every kernel on drawn problems."""
    matrix, weight = drawn(400, 60)
    county = np.arange(60) % 2
    small = CoverProblem.from_arrays(matrix, weight, county=county, county_quota=[4, 4])
    select(small, gap=0.0, work_limit=30)
    greedy(small)
    select(CoverProblem.from_arrays(matrix * 0.5, weight, quota=6), gap=0.0, work_limit=30)


# --- tables -----------------------------------------------------------------------------------------------


def city(args):
    """Drawn cities with quotas by county: seconds to each gap."""
    warm()
    for path in sorted(args.instances.glob("*.npz"), key=lambda each: each.stat().st_size):
        problem = from_npz(path)
        value, seconds = greedy(problem)
        print(f"\n{path.name}: {problem.columns} candidates, {len(problem.values)} non-zeros")
        print(f"  plain greedy {value:.1f} in {seconds:.2f} s")
        thousand = max(k for k in CITY_GAPS if k <= max(problem.columns // 1000, 6))
        gaps = (1e-2, 1e-3) if "brown" in path.name else CITY_GAPS[thousand]
        for gap in gaps:
            started = time.perf_counter()
            solver = Solver(problem)
            found = solved(solver, Limits(gap, args.work, args.seconds, 0))
            taken = time.perf_counter() - started
            verdict = check(problem, found)
            print(
                f"  asked {gap:.2%}: {taken:6.1f} s, proven {found.optimality_gap:.4%} "
                f"({found.bound_source}, {found.status}), {found.objective / value - 1:+.3%} on greedy, "
                f"{taken / seconds:.1f} times its time, certificate "
                f"{'holds' if verdict.holds else 'FAILS'}, {peak_gib():.2f} GiB",
                flush=True,
            )
        lost = np.random.default_rng(0).choice(found.columns, 16, replace=False)
        times = [solver.what_if(locked_out=lost) for _ in range(5)]
        print(
            f"  what if 16 planned sites are forbidden: {np.median([each.seconds for each in times]):.3f} s, "
            f"proven {times[0].optimality_gap:.3%}"
        )
        shares = np.cumsum(found.marginal_gains)
        marks = [max(round(share * len(shares)) - 1, 0) for share in (0.1, 0.25, 0.5, 1.0)]
        print("  prefixes of 10, 25, 50, 100 % against their bounds:",
              ", ".join(f"{shares[k] / found.curve_bounds[k]:.2%}" for k in marks))  # fmt: skip


def published(args):
    """Instances of the literature: value, best known, bound, seconds."""
    warm()
    for (name, p), known in AILS.items():
        problem = from_ails(args.instances / "ails" / f"{name}.txt", p, 600.0)
        _line(f"{name} p={p}", problem, known, args)
    for path in sorted((args.instances / "cfl2019").glob("*.dat")):
        for reach in (5.5, 5.75, 6.0, 6.25):
            budget = 10.0 if "f1_1" in path.name else 10.0 * 50
            _line(f"{path.stem} r={reach} budget={budget:g}", from_grid(path, reach, budget), None, args)
    for path in sorted((args.instances / "chen2023").glob("*.dat")):
        _line(f"{path.stem} r=5.75 budget 10 %", from_points(path, 5.75, 0.1), None, args)
    fewest = from_ails(args.instances / "ails" / "SanFrancisco.txt", 4000, 600.0)
    found = select_fewest(fewest, 0.95, time_limit_s=args.seconds, work_limit=args.work)
    print(
        f"SanFrancisco, fewest for 95 %: {found.spent:g} sites, at least {found.least_spent:g}, "
        f"{found.seconds:.1f} s"
    )


def _line(name, problem, known, args):
    started = time.perf_counter()
    found = select(problem, gap=0.0, time_limit_s=args.seconds, work_limit=args.work)
    seconds = time.perf_counter() - started
    whole = bool((problem.weight == np.round(problem.weight)).all())
    closed = found.status == "optimal" or (whole and np.floor(found.upper_bound + 1e-6) <= found.objective)
    best = "" if known is None else f", best known {known} ({found.objective - known:+.0f})"
    print(
        f"{name}: {found.objective:.0f}{best}, bound {found.upper_bound:.1f}, gap {found.optimality_gap:.5%}"
        f"{', closed' if closed else ''}, {seconds:.1f} s",
        flush=True,
    )


def peers(args):
    """The same drawn problem by each solver in a process of its own."""
    for rows, candidates in SIZES[: args.sizes]:
        bound = None
        print(f"\n{rows} x {candidates}, p = {candidates // 10}")
        for name in PEERS:
            command = [
                sys.executable if name == "ours" else args.python,
                __file__,
                "one",
                name,
                str(rows),
                str(candidates),
            ]
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=args.seconds + 30, check=False
                )
                answer = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
            except subprocess.TimeoutExpired:
                answer = None
            if answer is None:
                print(f"  {name:12s} failed (killed, or an error)", flush=True)
                continue
            if "missing" in answer:
                print(f"  {name:12s} not installed ({answer['missing']})")
                continue
            bound = answer.get("bound", bound)
            gap = (
                ""
                if not bound or answer["value"] is None
                else f", {1 - answer['value'] / bound:.3%} below our bound"
            )
            print(
                f"  {name:12s} {answer['seconds']:7.1f} s, {answer['gib']:.2f} GiB, says {answer['status']}, "
                f"value {answer['value']}{gap}", flush=True,
            )  # fmt: skip


def one(args):
    """One peer on one drawn problem; prints a line of JSON."""
    matrix, weight = drawn(args.rows, args.candidates)
    p = args.candidates // 10
    needed = NEEDS.get(args.name)
    if needed and importlib.util.find_spec(needed) is None:
        print(json.dumps({"missing": needed}))
        return
    started = time.perf_counter()
    value, status, more = globals()[f"_by_{args.name.split('_')[0]}"](matrix, weight, p, args)
    out = {
        "value": value,
        "status": status,
        "seconds": time.perf_counter() - started,
        "gib": peak_gib(),
        **more,
    }
    print(json.dumps(out))


def _worth(matrix, weight, chosen):
    return float(weight @ (np.asarray(matrix[:, np.flatnonzero(chosen)].sum(axis=1)).ravel() > 0))


def _by_ours(matrix, weight, p, args):
    warm()
    started = time.perf_counter()
    found = select(
        CoverProblem.from_arrays(matrix, weight, quota=p), gap=1e-4, time_limit_s=args.seconds, work_limit=1e9
    )
    return (
        found.objective,
        found.status,
        {"bound": found.upper_bound, "seconds": time.perf_counter() - started},
    )


def _program(matrix, weight, p):
    m, n = matrix.shape
    covers = sparse.hstack([-matrix, sparse.identity(m)])
    at_most = sparse.hstack([sparse.csr_array(np.ones((1, n))), sparse.csr_array((1, m))])
    rows = sparse.vstack([covers, at_most]).tocsc()
    return rows, np.concatenate([np.zeros(n), weight]), np.append(np.zeros(m), p)


def _by_highs(matrix, weight, p, args):
    import highspy  # noqa: PLC0415 - not beside ortools in one process

    rows, cost, high = _program(matrix, weight, p)
    m, n = matrix.shape
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_, lp.sense_ = n + m, m + 1, highspy.ObjSense.kMaximize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(n + m), np.ones(n + m)
    lp.row_lower_, lp.row_upper_ = np.full(m + 1, -highspy.kHighsInf), high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    lp.integrality_ = [highspy.HighsVarType.kInteger] * n + [highspy.HighsVarType.kContinuous] * m
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", float(args.seconds))
    solver.passModel(lp)
    solver.run()
    chosen = np.array(solver.getSolution().col_value[:n]) > 0.5
    return _worth(matrix, weight, chosen), str(solver.getModelStatus()).rsplit(".", 1)[-1], {}


def _by_scipy(matrix, weight, p, args):
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415

    rows, cost, high = _program(matrix, weight, p)
    n = matrix.shape[1]
    kind = np.concatenate([np.ones(n), np.zeros(matrix.shape[0])])
    within = LinearConstraint(rows, -np.inf, high)
    options = {"time_limit": args.seconds}
    found = milp(-cost, constraints=within, bounds=Bounds(0, 1), integrality=kind, options=options)
    if found.x is None:
        return None, found.message, {}
    return _worth(matrix, weight, found.x[:n] > 0.5), found.message, {}


def _by_spopt(matrix, weight, p, args):
    import pulp  # noqa: PLC0415
    from spopt.locate import MCLP  # noqa: PLC0415

    distance = 1.0 - matrix.toarray()
    model = MCLP.from_cost_matrix(distance, weight, 0.5, p_facilities=p)
    solver = pulp.HiGHS if args.name.endswith("highs") else pulp.PULP_CBC_CMD
    model.solve(solver(msg=False, timeLimit=args.seconds), results=False)
    chosen = np.array([variable.value() or 0.0 for variable in model.fac_vars]) > 0.5
    return _worth(matrix, weight, chosen), pulp.LpStatus[model.problem.status], {}


def _by_cpsat(matrix, weight, p, args):
    from ortools.sat.python import cp_model  # noqa: PLC0415

    model, csr = cp_model.CpModel(), matrix.tocsr()
    x = [model.new_bool_var("") for _ in range(matrix.shape[1])]
    y = [model.new_bool_var("") for _ in range(matrix.shape[0])]
    for i, each in enumerate(y):
        model.add_bool_or([x[j] for j in csr.indices[csr.indptr[i] : csr.indptr[i + 1]]] + [each.negated()])
    model.add(sum(x) <= p)
    model.maximize(sum(int(w) * each for w, each in zip(weight, y, strict=True)))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.num_workers = float(args.seconds), 2
    status = solver.status_name(solver.solve(model))
    if status not in ("OPTIMAL", "FEASIBLE"):
        return None, status, {}
    return _worth(matrix, weight, np.array([solver.value(each) for each in x])), status, {}


def _by_pdlp(matrix, weight, p, args):
    from ortools.linear_solver import pywraplp  # noqa: PLC0415

    solver, csr = pywraplp.Solver.CreateSolver("PDLP"), matrix.tocsr()
    x = [solver.NumVar(0, 1, "") for _ in range(matrix.shape[1])]
    y = [solver.NumVar(0, 1, "") for _ in range(matrix.shape[0])]
    for i, each in enumerate(y):
        solver.Add(each <= sum(x[j] for j in csr.indices[csr.indptr[i] : csr.indptr[i + 1]]))
    solver.Add(sum(x) <= p)
    solver.Maximize(sum(w * each for w, each in zip(weight, y, strict=True)))
    solver.SetTimeLimit(int(args.seconds * 1000))
    status = solver.Solve()
    return None, f"relaxation {solver.Objective().Value():.1f}, status {status}", {}


def _by_apricot(matrix, weight, p, args):
    from apricot import MaxCoverageSelection  # noqa: PLC0415

    del args
    # apricot weighs no rows: each is repeated by its weight over ten
    times = np.maximum(np.round(weight / 10), 1).astype(int)
    dense = np.repeat(matrix.toarray().T, times, axis=1)
    chosen = np.zeros(matrix.shape[1], dtype=bool)
    chosen[MaxCoverageSelection(p, threshold=1, optimizer="lazy").fit(dense).ranking] = True
    return _worth(matrix, weight, chosen), "greedy", {}


def size(args):
    """Cost against size, and a plot."""
    warm()
    table = []
    for thousand in args.thousands:
        matrix, weight = drawn(100_000 * thousand // 1, 1_000 * thousand, per_point=8.0)
        problem = CoverProblem.from_arrays(matrix, weight, quota=100 * thousand)
        row = [problem.columns, len(problem.weight), len(problem.values)]
        for gap in (0.02, 0.01):
            started = time.perf_counter()
            found = select(problem, gap=gap, work_limit=1e9, time_limit_s=args.seconds)
            row.append(time.perf_counter() - started)
        table.append([*row, found.optimality_gap])
        print(
            f"{row[0]:7d} candidates {row[1]:9d} rows {row[2]:10d} non-zeros: 2 % in {row[3]:6.1f} s, "
            f"1 % in {row[4]:6.1f} s ({1e6 * row[4] / row[2]:.2f} s a million), {peak_gib():.2f} GiB",
            flush=True,
        )
    if args.plot:
        import matplotlib as mpl  # noqa: PLC0415

        mpl.use("Agg")
        import matplotlib.pyplot as plt  # noqa: PLC0415

        figures = np.array(table, dtype=float)
        fig, axes = plt.subplots(figsize=(6, 4))
        for at, label in ((3, "2 %"), (4, "1 %")):
            axes.loglog(figures[:, 2], figures[:, at], "o-", label=f"proven gap {label}")
        axes.set(xlabel="non-zeros", ylabel="seconds")
        axes.legend()
        fig.savefig(args.plot, dpi=120, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    for name, run in (
        ("city", city),
        ("published", published),
        ("peers", peers),
        ("size", size),
        ("one", one),
    ):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        command.add_argument("--seconds", type=float, default=60.0)
        command.add_argument("--work", type=float, default=1e9)
        if name in ("city", "published"):
            command.add_argument("--instances", type=Path, required=True)
        if name == "peers":
            command.add_argument("--sizes", type=int, default=2)
            command.add_argument("--python", default=sys.executable)
        if name == "size":
            command.add_argument("--thousands", type=int, nargs="+", default=[1, 2, 5, 10])
            command.add_argument("--plot", type=Path)
        if name == "one":
            command.add_argument("name", choices=PEERS)
            command.add_argument("rows", type=int)
            command.add_argument("candidates", type=int)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
