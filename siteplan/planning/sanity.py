"""A plan's check of itself: what cannot be, and what is odd enough to look at.

Two grades. *wrong*: impossible or contradicting itself; the plan is written, marked in red, and the
command ends with 4. *look*: possible, but a planner should see it first. Findings are keys and values.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import shapely

from siteplan.inputs.load import Inputs
from siteplan.planning.run_record import Finding
from siteplan.planning.stages import Solved
from siteplan.project.schema import Config, clutter_kinds
from siteplan.project.statuses import SourceType

_TOLERANCE = 1e-6
_NAMED = 10


def check_plan(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> tuple[Finding, ...]:
    """Everything wrong or odd about a plan, the wrong first.

    Parameters
    ----------
    inputs, config, solved
        What it was made from.
    proposed
        Ranked places with ``candidate_id, source_type, ground_m, people_newly_covered`` and their points.

    Returns
    -------
    tuple of Finding
        Empty for a plan that looks as plans do.
    """
    checks: tuple[Callable[[Inputs, Config, Solved, pd.DataFrame], list[Finding]], ...] = (
        _ids,
        _ground,
        _water,
        _totals,
        _quota,
        _high,
        _far_from_roads,
        _big_shares,
        _unused,
        _useless_network,
    )
    found = [finding for check in checks for finding in check(inputs, config, solved, proposed)]
    return tuple(sorted(found, key=lambda each: each.grade != "wrong"))


def _named(ids: pd.Series, values: pd.Series | None = None) -> tuple[str, ...]:
    """The first places of a finding, with a number beside each."""
    listed = list(ids.astype(str))
    if values is not None:
        listed = [f"{one} ({value:.0f})" for one, value in zip(listed, values, strict=True)]
    return tuple(listed[:_NAMED]) + ("…",) * (len(listed) > _NAMED)


def _new(proposed: pd.DataFrame) -> pd.Series:
    return proposed["source_type"].ne(SourceType.UPGRADE.value)


def _ids(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """Places that stand on the list twice."""
    twice = proposed[proposed["candidate_id"].duplicated()]
    if twice.empty:
        return []
    values = {"count": len(twice), "found": _named(twice["candidate_id"])}
    return [Finding(grade="wrong", key="sane_ids", values=values)]


def _ground(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """New places off the relief or on a void of it."""
    if inputs.dem is None:
        return []
    off = proposed[_new(proposed) & proposed["ground_m"].isna()]
    if off.empty:
        return []
    values = {"count": len(off), "total": len(proposed), "found": _named(off["candidate_id"])}
    return [Finding(grade="wrong", key="sane_ground", values=values)]


def _water(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """New places in the middle of water."""
    kinds = [kind.id for kind in clutter_kinds(config)]
    if "water" not in kinds or config.inputs.land_cover is None or proposed.empty:
        return []
    grid, wet = inputs.clutter.grid, np.ones(len(proposed), dtype=bool)
    row, col = grid.index(proposed.geometry.x.to_numpy(), proposed.geometry.y.to_numpy())
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            on = grid.inside(row + down, col + right)
            kind = inputs.clutter.values[np.where(on, row + down, 0), np.where(on, col + right, 0)]
            wet &= on & (kind == kinds.index("water"))
    wet &= _new(proposed).to_numpy()
    if not wet.any():
        return []
    values = {"count": int(wet.sum()), "found": _named(proposed["candidate_id"][wet])}
    return [Finding(grade="wrong", key="sane_water", values=values)]


def _totals(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """Sums that cannot be: negative people, more covered than there are, less after than before."""
    counties, villages = solved.effects.counties, solved.effects.villages
    wrong = []
    people = solved.ready.demand.people
    if not np.isfinite(people).all() or (people < 0).any():
        wrong.append("people")
    for name in ("population_covered", "population_expected", "villages_covered"):
        total = counties["villages_total" if name.startswith("villages") else "population_total"]
        before, after = counties[f"{name}_before"], counties[f"{name}_after"]
        more, fewer = (each * (1 + _TOLERANCE) + _TOLERANCE for each in (total, after))
        if (after > more).any() or (before < 0).any() or (before > fewer).any():
            wrong.append(name)
    shares = villages[[name for name in villages if str(name).startswith(("share_", "probability_"))]]
    known = shares.to_numpy(dtype=float)
    if ((known < -_TOLERANCE) | (known > 1 + _TOLERANCE)).any():
        wrong.append("shares")
    if float(villages["people"].sum()) > float(counties["population_total"].sum()) * 1.001 + 1.0:
        wrong.append("villages")
    if not wrong:
        return []
    return [Finding(grade="wrong", key="sane_totals", values={"found": tuple(wrong)})]


def _quota(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """More than the quota, or a bound that does not hold."""
    found = []
    over = int(proposed["stations"].sum()) - solved.ready.ledger.remaining
    if over > 0:
        found.append(Finding(grade="wrong", key="sane_quota", values={"count": over}))
    if not solved.replanned.checked.holds:
        found.append(Finding(grade="wrong", key="sane_certificate", values={}))
    return found


def _high(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """New ground sites above the highest village."""
    dem, villages = inputs.dem, inputs.villages
    if dem is None or villages is None or villages.empty:
        return []
    row, col = dem.grid.index(villages.geometry.x.to_numpy(), villages.geometry.y.to_numpy())
    on = dem.grid.inside(row, col)
    heights = dem.values[row[on], col[on]]
    if not np.isfinite(heights).any():
        return []
    limit = float(np.nanmax(heights)) + config.sanity.above_settlement_m
    ground = proposed["source_type"].eq(SourceType.NEW_GROUND.value)
    high = proposed[ground & (proposed["ground_m"] > limit)]
    if high.empty:
        return []
    found = _named(high["candidate_id"], high["ground_m"])
    values = {"count": len(high), "limit": f"{limit:.0f}", "found": found}
    return [Finding(grade="look", key="sane_high", values=values)]


def _far_from_roads(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """New places far from any road, where roads are known."""
    if inputs.roads is None or inputs.roads.empty or proposed.empty:
        return []
    lines, points = inputs.roads.geometry.to_numpy(), proposed.geometry.to_numpy()
    away = shapely.distance(points, lines[shapely.STRtree(lines).nearest(points)])
    known = shapely.covers(shapely.convex_hull(shapely.geometrycollections(lines)), points)
    far = _new(proposed).to_numpy() & known & (away > config.sanity.farthest_road_m)
    if not far.any():
        return []
    found = _named(proposed["candidate_id"][far], pd.Series(away[far]))
    values = {"count": int(far.sum()), "limit": f"{config.sanity.farthest_road_m:g}", "found": found}
    return [Finding(grade="look", key="sane_road", values=values)]


def _big_shares(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """One place that brings an implausible share of everybody."""
    total = float(solved.ready.demand.people.sum())
    if len(proposed) < config.sanity.fewest_sites or total <= 0:
        return []
    share = proposed["people_newly_covered"] / total
    big = proposed[share > config.sanity.most_share_per_site]
    if big.empty:
        return []
    found = _named(big["candidate_id"], big["people_newly_covered"])
    values = {"count": len(big), "limit": f"{config.sanity.most_share_per_site:.0%}", "found": found}
    return [Finding(grade="look", key="sane_share", values=values)]


def _unused(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """Quota nobody needs: there are too few places, or none brings enough."""
    left = solved.ready.ledger.remaining - int(proposed["stations"].sum())
    usable = int(solved.ready.candidates["status"].eq("candidate").sum())
    if left <= 0:
        return []
    key = "sane_unused_places" if usable <= len(proposed) else "sane_unused_gain"
    values = {"count": left, "usable": usable, "least": f"{config.selection.min_gain_per_station:g}"}
    return [Finding(grade="look", key=key, values=values)]


def _useless_network(inputs: Inputs, config: Config, solved: Solved, proposed: pd.DataFrame) -> list[Finding]:
    """Many stations that serve almost nobody: places, heights or units are wrong."""
    masts, rules, counties = len(solved.ready.existing.masts), config.sanity, solved.effects.counties
    total = float(counties["population_total"].sum())
    share = float(counties["population_covered_before"].sum()) / max(total, 1e-9)
    if masts < rules.many_stations or total <= 0 or share >= rules.least_served_share:
        return []
    return [Finding(grade="look", key="sane_useless", values={"count": masts, "share": f"{share:.1%}"})]
