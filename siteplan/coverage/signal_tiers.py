"""Grades of signal: which tier each pixel reaches, and how many people live in it.

A pixel has a tier when P(RSRP >= its threshold) meets the same target that decides
"covered"; the best such tier counts, and thresholds may differ by area class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from siteplan.core.grid import Raster
from siteplan.core.progress import SILENT, Report
from siteplan.coverage.demand import DemandGrid, Service, tier_layers
from siteplan.coverage.matrix import NodeOutage, Upgrade, multiply, outage_by_node, upgrade_shares
from siteplan.coverage.propagation import MapFn, Mast, PropagationModel, shadowing_of
from siteplan.inputs.load import Inputs
from siteplan.project.schema import Config

NONE_LEFT = 0
"""Value of pixels outside the area; tiers count from 1, and the value after the last is no signal."""
_COLUMNS = ["county_id", "county", "area_class", "tier", "people_before", "people_after"]
_COLUMNS += ["area_km2_before", "area_km2_after"]


def tier_rasters(
    masts: Sequence[Mast],
    upgrades: Sequence[Upgrade],
    propagation: PropagationModel,
    inputs: Inputs,
    config: Config,
    map_fn: MapFn = map,
    known: Callable[[NodeOutage, Sequence[Service]], NodeOutage] | None = None,
    report: Report = SILENT,
) -> tuple[Raster, Raster] | None:
    """Tier of every pixel today and after the plan.

    Parameters
    ----------
    masts
        On air.
    upgrades
        Chosen by the plan.
    propagation
        Propagation of the run.
    inputs
        Grid, counties and classes.
    config
        Its ``tiers``; none give None.
    map_fn
        ``map``, or that of a thread pool.
    known
        Puts measurements on what the masts on air leave; None for none.
    report
        Is told how many masts are done.

    Returns
    -------
    tuple of Raster or None
        uint8: position of the tier plus one, one more for no signal, 0 outside the area.
    """
    if not config.tiers:
        return None
    services = [Service(layer, "") for layer in tier_layers(config)]
    asked = propagation.for_services(services)
    shadowing = shadowing_of(config, services, propagation.budgets)
    left = outage_by_node(masts, asked, inputs.grid, shadowing, map_fn, report)
    left = left if known is None else known(left, services)
    before = _graded(left.mean, services, inputs, config)
    for upgrade in upgrades:
        shares = upgrade_shares(upgrade, asked, inputs.grid, left.shadowing)
        if shares is not None:
            multiply(left.by_node, shares)
    after = _graded(shadowing.mean(left.by_node), services, inputs, config)
    return (
        Raster(before, inputs.grid, "signal_tier_before", "tier"),
        Raster(after, inputs.grid, "signal_tier_after", "tier"),
    )


def _graded(
    outage: NDArray[np.float32], services: Sequence[Service], inputs: Inputs, config: Config
) -> NDArray[np.uint8]:
    target = config.coverage.edge_probability_target
    position = {service.layer.threshold_dbm: k for k, service in enumerate(services)}
    grade = np.full(inputs.grid.shape, len(config.tiers) + 1, dtype=np.uint8)
    for number, tier in reversed(list(enumerate(config.tiers, start=1))):  # the best one is written last
        for code, area_class in enumerate(config.area_classes):
            layer = position[tier.by_class.get(area_class.id, tier.threshold_dbm)]
            reached = (1.0 - outage[layer] >= target) & (inputs.class_code == code)
            grade[reached] = number
    grade[inputs.county_code == 0] = NONE_LEFT
    return grade


def tier_table(
    rasters: tuple[Raster, Raster] | None, inputs: Inputs, demand: DemandGrid, config: Config
) -> pd.DataFrame:
    """People and square kilometres in each tier, by county and area class.

    Returns
    -------
    DataFrame
        ``county_id, county, area_class, tier, people_before, people_after, area_km2_before,
        area_km2_after``; ``tier`` is "" for no signal. No rows without tiers.
    """
    if rasters is None:
        return pd.DataFrame({name: [] for name in _COLUMNS})
    people = demand.people_on_grid()
    names = [*(tier.id for tier in config.tiers), ""]
    rows = []
    for county_id, county in zip(inputs.area["county_id"], inputs.area["county"], strict=True):
        number = inputs.county_number(county_id)
        for code, area_class in enumerate(config.area_classes):
            mine = (inputs.county_code == number) & (inputs.class_code == code)
            sums = [_sums(raster.values[mine], people[mine], len(names)) for raster in rasters]
            living, pixels = zip(*sums, strict=True)
            rows += [
                (county_id, county, area_class.id, name, *counts)
                for name, *counts in zip(names, *living, *pixels, strict=True)
            ]
    table = pd.DataFrame(rows, columns=_COLUMNS)
    area = (inputs.grid.resolution_m / 1000.0) ** 2
    return table.assign(**{name: table[name] * area for name in ("area_km2_before", "area_km2_after")})


def _sums(
    grades: NDArray[np.generic], people: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """People and pixels by grade, from the first on."""
    codes = grades.astype(np.int64)
    living = np.bincount(codes, weights=people, minlength=count + 1).astype(np.float64)
    return living[1:], np.bincount(codes, minlength=count + 1).astype(np.int64)[1:]
