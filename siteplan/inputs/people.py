"""Whether a population raster counts people per pixel or per square kilometre, and if its sum can be true.

Declared units are taken at their word; otherwise the numbers of villages or counties decide, and without
them only what is impossible is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.core.errors import Fault, Severity
from siteplan.core.grid import Raster
from siteplan.inputs.bands import MOST_PEOPLE_PER_KM2

AGREES = 2.5
"""Sums of two sources of people within this factor agree: census years and borders differ."""
CONTRADICTS = 5.0
"""Sums beyond this factor cannot both be right."""
MOST_MEAN_PER_KM2 = 20_000.0
"""Mean density above which no county or city is known; Macao, the densest territory, has 21,000 [1/km2]."""
SMALLEST_KM2 = 30.0
"""Areas from which a mean density says something [km2]."""
FEWEST_PER_VILLAGE = 20.0
"""Fewer residents than this in the mean village: numbers are thousands, or the raster lies elsewhere."""
MOST_EMPTY = 0.2
"""Share of villages without anybody above which the raster lies elsewhere, or upside down."""
_FEWEST_VILLAGES = 5
_ABOUT_ONE_KM2 = (0.3, 3.0)
_UNITS = (("people/km2", None), ("千人", 1e3), ("万人", 1e4))


@dataclass(frozen=True, eq=False)
class PeopleEvidence:
    """What a population raster is held against.

    Attributes
    ----------
    file
        For messages.
    pixel_km2
        Of the file.
    unit
        As the project file declares it, "" where it does not.
    got
        Sum of the raster where the other source speaks; nan without one.
    expected
        Sum of that source; nan without one.
    total, area_km2
        Of the whole project.
    densest_per_km2
        Largest value of a pixel.
    villages, empty
        Number of villages with borders, and of those in which the raster has nobody.
    """

    file: str
    pixel_km2: float
    unit: str
    got: float
    expected: float
    total: float
    area_km2: float
    densest_per_km2: float
    villages: int
    empty: int = 0


def gather(
    file: str, unit: str, pixel_km2: float, people: Raster, homes: gpd.GeoDataFrame | None, area_km2: float
) -> PeopleEvidence:
    """Sums of a raster and of the table that counts people too.

    Parameters
    ----------
    file, unit, pixel_km2
        Of the raster.
    people
        On the project's grid, 0 outside its area.
    homes
        ``people`` (as the raster has them) and ``population`` (as the table has them) of villages or
        counties; None without such a table.
    area_km2
        Of the project.
    """
    values = people.values.astype(np.float64)
    pixel = (people.grid.resolution_m / 1000.0) ** 2
    got = expected = float("nan")
    if homes is not None and "population" in homes:
        known = homes["population"].notna() & homes["people"].notna()
        if 2 * int(known.sum()) >= len(homes) and float(homes.loc[known, "population"].sum()) > 0:
            got, expected = (float(homes.loc[known, name].sum()) for name in ("people", "population"))
    densest = (
        float(np.nanmax(values)) / max(pixel, min(pixel_km2, 100.0)) if np.isfinite(values).any() else 0.0
    )
    count = 0 if homes is None else len(homes)
    empty = 0 if homes is None else int(homes["people"].eq(0).sum())
    return PeopleEvidence(
        file, pixel_km2, unit, got, expected, float(np.nansum(values)), area_km2, densest, count, empty
    )


def judge(found: PeopleEvidence) -> tuple[str, list[Fault]]:
    """The unit the raster must be read in, and what to say.

    Returns
    -------
    tuple
        ``people/km2`` where the raster was read as counts and must be read again as density, else "".
    """
    if found.total <= 0:
        return "", [_fault(found, "fatal", "people_none")]
    if found.villages >= _FEWEST_VILLAGES and found.empty > MOST_EMPTY * found.villages:
        return "", [_fault(found, "warning" if found.unit else "fatal", "people_elsewhere")]
    if np.isfinite(found.expected):
        return _against_table(found)
    return "", _alone(found)


def _alone(found: PeopleEvidence) -> list[Fault]:
    """What a sum says by itself: too many, too few, or a unit that makes no difference to see."""
    severity: Severity = "warning" if found.unit else "fatal"
    mean = found.total / max(found.area_km2, 1e-9)
    crowded = found.area_km2 >= SMALLEST_KM2 and mean > MOST_MEAN_PER_KM2
    if crowded or found.densest_per_km2 > MOST_PEOPLE_PER_KM2:
        return [_fault(found, severity, "people_impossible")]
    if found.villages >= _FEWEST_VILLAGES and found.total < FEWEST_PER_VILLAGE * found.villages:
        return [_fault(found, severity, "people_few")]
    if not found.unit and _ABOUT_ONE_KM2[0] < found.pixel_km2 < _ABOUT_ONE_KM2[1]:
        return [_fault(found, "warning", "people_assumed")]
    return []


def _against_table(found: PeopleEvidence) -> tuple[str, list[Fault]]:
    """Counts, density, or neither, by the people of a table."""
    ratio = found.got / found.expected
    if 1 / AGREES <= ratio <= AGREES:
        return "", []
    if not found.unit and 1 / AGREES <= ratio * found.pixel_km2 <= AGREES:
        return "people/km2", [_fault(found, "warning", "people_per_km2")]
    severity: Severity = "warning" if found.unit or 1 / CONTRADICTS <= ratio <= CONTRADICTS else "fatal"
    return "", [_fault(found, severity, "people_disagree", unit=_fitting_unit(ratio, found.pixel_km2))]


def _fitting_unit(ratio: float, pixel_km2: float) -> str:
    """The unit in which both sums would agree, "?" for none."""
    for name, factor in _UNITS:
        if 1 / AGREES <= ratio * (pixel_km2 if factor is None else factor) <= AGREES:
            return name
    return "?"


def _fault(found: PeopleEvidence, severity: Severity, problem: str, **more: object) -> Fault:
    values: dict[str, object] = {
        "total": f"{found.total:,.0f}",
        "got": f"{found.got:,.0f}",
        "expected": f"{found.expected:,.0f}",
        "mean": f"{found.total / max(found.area_km2, 1e-9):,.0f}",
        "densest": f"{found.densest_per_km2:,.0f}",
        "pixel": f"{found.pixel_km2:.3g}",
        "villages": found.villages,
        "empty": found.empty,
        "table": "population",
        "column": "",
        **more,
    }
    return Fault(severity, found.file, problem, f"{problem}_fix", values, table="population")


def homes_of(
    villages: pd.DataFrame | None,
    counties: pd.DataFrame,
    in_villages: np.ndarray | None,
    in_counties: np.ndarray,
) -> pd.DataFrame | None:
    """The table that counts people too: counties with a population first, else villages.

    Parameters
    ----------
    villages, counties
        Tables; ``population`` where they have it.
    in_villages, in_counties
        People of the raster in each; None where villages have no borders.
    """
    if "population" in counties and counties["population"].notna().any():
        return counties[["population"]].assign(people=in_counties)
    if villages is None:
        return None
    population = villages.get("population", np.nan)
    if in_villages is not None:
        return pd.DataFrame({"population": population, "people": in_villages})
    frame = pd.DataFrame({"population": population, "people": np.nan}, index=range(len(villages)))
    frame["people"] = in_counties.sum() / max(len(villages), 1)
    return frame
