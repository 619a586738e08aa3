"""Places the field has reported on: moved, kept, refused and cooling, or on air."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Transformer
from scipy.spatial.distance import cdist

from siteplan.candidates.rules import refuse
from siteplan.field.status import FieldStatus, PlaceStatus
from siteplan.inputs.load import Inputs
from siteplan.project.schema import Config
from siteplan.project.statuses import EXITS, FIXED, CandidateState, SiteStatus, SourceType

_SAME_SITE_M = 100.0
"""A station of the table this near a place on air, with its bands, is that place [m]."""


_DAYS_A_MONTH = 30.4375


def points_of(states: Sequence[PlaceStatus], crs: str) -> np.ndarray:
    """Where places stand: where they were moved to, else where they were planned.

    Returns
    -------
    ndarray
        Easting and northing [m], shape (n, 2).
    """
    if not states:
        return np.zeros((0, 2))
    lonlat = np.array([s.point or s.place.point for s in states])
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(lonlat[:, 0], lonlat[:, 1])
    return np.column_stack([x, y])


def with_on_air(inputs: Inputs, field_status: FieldStatus, config: Config) -> Inputs:
    """Inputs whose stations hold what the journal says is on air.

    Returns
    -------
    Inputs
        The same where the table of stations has them all.
    """
    states = field_status.with_status(SiteStatus.ON_AIR)
    if not states:
        return inputs
    xy = points_of(states, config.project.crs)
    inputs = _dated(inputs, states, xy)
    rows = [
        row
        for state, point in zip(states, xy, strict=True)
        for row in _stations_of(state, point, _missing_bands(state, point, inputs.stations), inputs, config)
    ]
    if not rows:
        return inputs
    fresh = pd.DataFrame(rows)
    new = gpd.GeoDataFrame(
        fresh.drop(columns=["x", "y"]),
        geometry=gpd.points_from_xy(fresh["x"], fresh["y"]),
        crs=config.project.crs,
    )
    if inputs.stations is None:
        return replace(inputs, stations=new)
    table = inputs.stations
    if "on_air_date" not in table:
        table = table.assign(on_air_date=pd.NaT)
    joined = pd.concat(
        [pd.DataFrame(table), pd.DataFrame(new)[[c for c in new if c in table]]], ignore_index=True
    )
    return replace(inputs, stations=gpd.GeoDataFrame(joined, geometry="geometry", crs=table.crs))


def _dated(inputs: Inputs, states: Sequence[PlaceStatus], xy: np.ndarray) -> Inputs:
    """Stations of places on air with the day they were reported, where the register has no date for them."""
    table = inputs.stations
    if table is None or table.empty:
        return inputs
    dates = table["on_air_date"].copy() if "on_air_date" in table else pd.Series(pd.NaT, index=table.index)
    for state, point in zip(states, xy, strict=True):
        near = _near(state, point, table) & table["band"].isin(state.place.bands) & dates.isna()
        dates[near] = pd.Timestamp(state.since)
    return replace(inputs, stations=table.assign(on_air_date=dates))


def _near(state: PlaceStatus, point: np.ndarray, stations: gpd.GeoDataFrame) -> pd.Series:
    """Stations that stand where a place on air is, or on the site it upgrades."""
    own = stations["site_id"].eq(state.place.source) & (state.place.source_type == SourceType.UPGRADE)
    away = np.hypot(stations.geometry.x - point[0], stations.geometry.y - point[1])
    return own | (away <= _SAME_SITE_M)


def _missing_bands(
    state: PlaceStatus, point: np.ndarray, stations: gpd.GeoDataFrame | None
) -> tuple[str, ...]:
    """Bands of a place on air that no station near it has."""
    if stations is None or stations.empty:
        return state.place.bands
    near = stations[_near(state, point, stations)]
    return tuple(band for band in state.place.bands if band not in set(near["band"]))


def _stations_of(
    state: PlaceStatus, point: np.ndarray, bands: Sequence[str], inputs: Inputs, config: Config
) -> list[dict[str, object]]:
    """One station a band, on its own site or on the one that was upgraded."""
    place = state.place
    shared = {
        "site_id": place.source if place.source_type == SourceType.UPGRADE else state.candidate_id,
        "site_name": place.name,
        "antenna_height_m": place.antenna_height_m,
        "on_air_date": pd.Timestamp(state.since),
        "county_id": place.county_id,
        "county": inputs.county_name(place.county_id),
        "area_class": class_at(inputs, config, *point),
        "x": point[0],
        "y": point[1],
    }
    return [
        {"station_id": f"{state.candidate_id}/{b}", "network": config.band(b).network, "band": b, **shared}
        for b in bands
    ]


def class_at(inputs: Inputs, config: Config, easting_m: float, northing_m: float) -> str:
    """Area class of a point; the default one outside the run's grid.

    Parameters
    ----------
    inputs
        With the grid's classes.
    config
        The project.
    easting_m, northing_m
        The point [m].
    """
    row, col = inputs.grid.index(np.array([easting_m]), np.array([northing_m]))
    if inputs.grid.inside(row, col)[0] and (code := inputs.class_code[row[0], col[0]]) >= 0:
        return config.area_classes[int(code)].id
    return config.default_area_class


def moved(places: pd.DataFrame, field_status: FieldStatus, inputs: Inputs, config: Config) -> pd.DataFrame:
    """Places where the field has put them; a place found by its address is then known exactly.

    Returns
    -------
    DataFrame
        A copy; moved places have a note.
    """
    states = [state for state in field_status.states.values() if state.point is not None]
    at = {key: i for i, key in enumerate(places["key"])}
    states = [state for state in states if state.place.key in at]
    if not states:
        return places
    columns = ("easting_m", "northing_m", "area_class", "notes", "location_grade", "location_radius_m")
    values = {name: places[name].to_numpy(dtype=object).copy() for name in columns}
    for state, (x, y) in zip(states, points_of(states, config.project.crs), strict=True):
        i = at[state.place.key]
        distance = round(float(np.hypot(x - values["easting_m"][i], y - values["northing_m"][i])))
        values["easting_m"][i], values["northing_m"][i] = x, y
        values["area_class"][i] = class_at(inputs, config, x, y)
        values["notes"][i] = (
            *values["notes"][i],
            ("note_moved", {"distance": distance, "date": state.since}),
        )
        values["location_grade"][i], values["location_radius_m"][i] = "", np.nan
    numbers = {"easting_m", "northing_m", "location_radius_m"}
    return places.assign(**{n: v.astype(float) if n in numbers else v for n, v in values.items()})


def returned(places: gpd.GeoDataFrame, field_status: FieldStatus, config: Config) -> gpd.GeoDataFrame:
    """Refuse what the field has refused, and new places within the cooling radius of a refusal.

    A refusal stands until a later report with a reason says otherwise; only its neighbours cool down.
    """
    ended = {s.place.key: s for s in field_status.with_status(*EXITS)}
    own = places["key"].isin(ended).to_numpy()
    keys = places["key"].to_numpy(dtype=object)

    def said(i: int) -> tuple[str, dict[str, object]]:
        state = ended[keys[i]]
        return f"rule_{state.status}", {"date": state.since, "reason": state.reason}

    places = refuse(places, own, said)
    built = {s.place.key: s for s in field_status.with_status(SiteStatus.ON_AIR)}
    new = places["source_type"].ne(SourceType.UPGRADE.value).to_numpy()
    on_air = new & places["key"].isin(built).to_numpy()
    places = refuse(places, on_air, lambda i: ("rule_on_air", {"date": built[keys[i]].since}))
    refused = [s for s in ended.values() if s.status == SiteStatus.REFUSED and _is_warm(s, config)]
    return _cooled(places, refused, new, config)


def _is_warm(state: PlaceStatus, config: Config) -> bool:
    """Whether a refusal still keeps new places away from around it."""
    end = pd.Timestamp(state.since) + pd.Timedelta(days=config.replan.cooling_months * _DAYS_A_MONTH)
    return bool(end >= pd.Timestamp(config.project.reference_date))


def _cooled(
    places: gpd.GeoDataFrame, refused: Sequence[PlaceStatus], new: np.ndarray, config: Config
) -> gpd.GeoDataFrame:
    """Refuse new places near a refused one; masts that stand have an owner of their own."""
    radius = config.replan.cooling_radius_m
    if not refused or radius <= 0 or places.empty:
        return places
    xy = places[["easting_m", "northing_m"]].to_numpy(dtype=float)
    away = cdist(xy, points_of(refused, config.project.crs))
    nearest = away.argmin(axis=1)

    def said(i: int) -> tuple[str, dict[str, object]]:
        state = refused[nearest[i]]
        values = {
            "other": state.place.name,
            "distance": round(float(away[i, nearest[i]])),
            "radius": f"{radius:g}",
        }
        return "rule_cooling", {**values, "date": state.since}

    keys = {state.place.key for state in refused}
    others = ~places["key"].isin(keys).to_numpy()
    return refuse(places, new & others & (away.min(axis=1) <= radius), said)


def kept(places: gpd.GeoDataFrame, field_status: FieldStatus) -> gpd.GeoDataFrame:
    """Fixed places are usable whatever the rules say; the rule that would refuse one becomes a note."""
    fixed = {state.place.key for state in field_status.with_status(*FIXED)}
    hit = places["key"].isin(fixed).to_numpy() & places["status"].eq(CandidateState.EXCLUDED.value).to_numpy()
    if not hit.any():
        return places
    status, rules = (places[name].to_numpy(dtype=object).copy() for name in ("status", "rule"))
    notes = places["notes"].to_numpy(dtype=object).copy()
    for i in np.flatnonzero(hit):
        notes[i] = (*notes[i], rules[i])
        status[i], rules[i] = CandidateState.CANDIDATE.value, None
    return places.assign(status=status, rule=rules, notes=notes)
