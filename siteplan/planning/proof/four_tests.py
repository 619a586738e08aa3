"""Four tests of coverage: villages, continuous cover, roads and railways, key places.

Each is a sum of amounts (a village, a person, a kilometre) that pass or do not, by service, county and town;
all sums come from one function, so that counties and towns add up. What the data cannot answer is a row that
says why, never a zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from siteplan.core.grid import lonlat
from siteplan.coverage.demand import DemandGrid, lines_of
from siteplan.coverage.lines import Pieces, pieces_on
from siteplan.coverage.matrix import NodeOutage
from siteplan.inputs.load import Inputs
from siteplan.inputs.places.settlement import built_up
from siteplan.planning.proof.points import DecidingPoints, hamlet_points, place_points, village_points
from siteplan.planning.proof.readings import FAILED, PASSED, UNKNOWN, Readings, verdicts_at
from siteplan.project.schema import Config, clutter_kinds
from siteplan.words.catalogue import Message

Flags = NDArray[np.bool_]
Values = NDArray[np.float64]
VILLAGES, RESIDENTS, SETTLED, CONTINUOUS, HAMLETS, LINES, PLACES = (
    "village_reach",
    "residents",
    "settled_land",
    "village_continuous",
    "hamlets",
    "lines",
    "key_places",
)
"""The tests, in the order they are shown; the four in the middle belong together."""
UNNAMED = "?"
"""Class or kind of what has none in its file."""
_LEVELS = ("area", "county", "town")
_SHARE_LIMIT = 1e-6


@dataclass(frozen=True, eq=False)
class Moment:
    """Coverage at one time: today, or once the plan is built.

    Attributes
    ----------
    outage
        Probability that nobody serves a pixel, shape (services, height, width).
    continuity
        Of each village by position in ``Inputs.villages``: P that the share of its residents asked for is
        served, shape (services, villages).
    """

    outage: NDArray[np.float32]
    continuity: Values

    def probability(self, pixel: NDArray[np.int64]) -> Values:
        """Probability of service at pixels, shape (services, n)."""
        flat = self.outage.reshape(len(self.outage), -1)
        return 1.0 - flat[:, pixel].astype(np.float64)


@dataclass(frozen=True, eq=False)
class Amounts:
    """What a test adds up.

    Attributes
    ----------
    test, unit
        Its key, and what amounts are counted in.
    amount
        Shape (n,).
    county
        Code of ``Inputs.county_code``, shape (n,).
    passed, probability
        Today and after the plan, shape (services, n) each.
    measured
        Where readings decided today's verdict, shape (services, n).
    part, town
        Shape (n,); None where there are none.
    required
        Share asked for; NaN for none.
    skipped
        Positions of services that are not asked.
    """

    test: str
    unit: str
    amount: Values
    county: NDArray[np.int64]
    passed: tuple[Flags, Flags]
    probability: tuple[Values, Values]
    measured: Flags
    part: NDArray[np.object_] | None = None
    town: NDArray[np.object_] | None = None
    required: float = float("nan")
    skipped: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True, eq=False)
class FourTests:
    """Results of the tests.

    Attributes
    ----------
    table
        One row a test, part, level, service: ``test, part, level, county_id, county, town, layer, network,
        unit, total, before, after, expected_before, expected_after, share_before, share_after, required,
        measured_share, unanswered``.
    points
        Villages, natural villages and key places with their points' worst (or best) probability in the first
        service.
    stretches
        Longest stretches of roads and railways without cover in the first service after the plan.
    conflicts
        Villages where prediction, readings and the operators' word disagree.
    """

    table: pd.DataFrame
    points: gpd.GeoDataFrame
    stretches: gpd.GeoDataFrame
    conflicts: pd.DataFrame


def continuity(demand: DemandGrid, outage: NodeOutage, villages: int, share: float) -> Values:
    """Probability that a share of each village's residents is served, under one sky over the village.

    The expected share at each node of the common shadowing rises with the sky; where it passes the share
    asked for is read between the nodes on a normal scale. What is not common averages out over a village.

    Parameters
    ----------
    demand
        Pixels, people and their village.
    outage
        By node.
    villages
        How many there are.
    share
        Asked for (0-1].

    Returns
    -------
    ndarray
        P [0-1], shape (services, villages); NaN where nobody lives.
    """
    home, people = demand.village, demand.people
    own = (home >= 0) & (people > 0)
    total = np.bincount(home[own], people[own], minlength=villages)
    node = outage.shadowing.node
    found = np.full((len(outage.by_node), villages), np.nan)
    lived_in = total > 0
    for k, by_node in enumerate(outage.by_node):
        left = by_node.reshape(len(node), -1)[:, demand.pixels[own]].astype(np.float64)
        served = [np.bincount(home[own], people[own] * (1.0 - each), minlength=villages) for each in left]
        shares = np.stack(served)[:, lived_in] / total[lived_in]
        found[k, lived_in] = _sky_above(shares, node, share)
    return found


def _sky_above(shares: Values, node: Values, asked: float) -> Values:
    """P(share >= asked) for shares at the nodes of a standard normal sky, shape (n,)."""
    if len(node) == 1:
        return (shares[0] >= asked).astype(np.float64)
    score = ndtri(np.clip(shares, _SHARE_LIMIT, 1.0 - _SHARE_LIMIT))
    wanted = float(ndtri(min(asked, 1.0 - _SHARE_LIMIT)))
    first = np.clip((score < wanted).sum(axis=0), 1, len(node) - 1)
    at = np.arange(score.shape[1])
    low, high = score[first - 1, at], score[first, at]
    rise = np.maximum(high - low, 1e-9)
    sky = node[first - 1] + (wanted - low) / rise * (node[first] - node[first - 1])
    return ndtr(-np.clip(sky, -6.0, 6.0))


def run_tests(
    inputs: Inputs,
    config: Config,
    demand: DemandGrid,
    moments: tuple[Moment, Moment],
    readings: Readings | None = None,
    settled_measured: Flags | None = None,
) -> FourTests:
    """All tests of an area, today and after a plan.

    Parameters
    ----------
    inputs, config, demand
        What is asked; definitions stand in ``config.evidence``.
    moments
        Today and after the plan.
    readings
        Readings by service; None without measurements.
    settled_measured
        Pixels whose prediction rests on readings, shape of the grid; None for none.
    """
    tester = _Tester(inputs, config, demand, moments, readings, settled_measured)
    villages, hamlets, places = (
        village_points(inputs, config),
        hamlet_points(inputs, config),
        place_points(inputs),
    )
    lines, pieces = tester.pieces()
    asked: list[Amounts | tuple[str, Message]] = [
        _answer(VILLAGES, villages, ("unanswered_villages", {}), tester),
        tester.residents(),
        tester.settled_land(),
        tester.continuous(),
        _answer(HAMLETS, hamlets, _why_no_hamlets(inputs, config), tester),
        (LINES, ("unanswered_lines", {})) if pieces is None else tester.lines(lines, pieces),
        _answer(PLACES, places, ("unanswered_places", {}), tester),
    ]
    missing = _missing_lines(inputs, lines, config)
    rows = [row for each in (*asked, *missing) for row in _rows(each, tester)]
    return FourTests(
        pd.DataFrame(rows, columns=COLUMNS),
        tester.point_table([(VILLAGES, villages), (HAMLETS, hamlets), (PLACES, places)]),
        tester.stretches(lines, pieces),
        tester.conflicts(villages),
    )


COLUMNS = [
    "test",
    "part",
    "level",
    "county_id",
    "county",
    "town",
    "layer",
    "network",
    "unit",
    "total",
    "before",
    "after",
    "expected_before",
    "expected_after",
    "share_before",
    "share_after",
    "required",
    "measured_share",
    "unanswered",
]


def _why_no_hamlets(inputs: Inputs, config: Config) -> Message:
    """What keeps the test of natural villages from an answer."""
    if inputs.hamlets is None:
        return ("unanswered_hamlets", {})
    if "households" not in inputs.hamlets:
        return ("unanswered_households", {})
    return ("unanswered_small", {"count": f"{config.evidence.fewest_households:g}"})


def _missing_lines(inputs: Inputs, lines: gpd.GeoDataFrame, config: Config) -> list[tuple[str, Message]]:
    """Kinds of lines that were not given, and classes that were asked about and are not there."""
    rows: list[tuple[str, Message]] = []
    if not lines.empty:
        given = (("roads", inputs.roads), ("railways", inputs.railways))
        rows += [(LINES, (f"unanswered_{name}", {})) for name, table in given if table is None]
    absent = [each for each in config.evidence.road_classes if not lines["line_class"].eq(each).any()]
    return rows + [(LINES, ("unanswered_class", {"value": each})) for each in absent]


def _answer(
    test: str, points: DecidingPoints | None, why_not: Message, tester: _Tester
) -> Amounts | tuple[str, Message]:
    """A test by points, or why there is none."""
    return (test, why_not) if points is None else tester.by_points(test, points)


class _Tester:
    """What all tests share: coverage at both moments, counties, readings."""

    def __init__(
        self,
        inputs: Inputs,
        config: Config,
        demand: DemandGrid,
        moments: tuple[Moment, Moment],
        readings: Readings | None,
        measured: Flags | None,
    ) -> None:
        self.inputs, self.config, self.demand = inputs, config, demand
        self.moments, self.readings, self.is_measured = moments, readings, measured
        self.services, self.target = demand.services, config.coverage.edge_probability_target
        self.verdicts = lru_cache(maxsize=3)(self._judged)  # a test and its table of points ask for the same

    # --- villages, natural villages and key places by their points ---------------------------------------

    def _judged(self, points: DecidingPoints) -> tuple[Flags, Flags, tuple[Values, Values], Flags]:
        """Whether each unit passes today and after, its probabilities, and where readings decided.

        Readings that fail a point today are only made good by what the plan adds there: its own share of what
        was left has to reach the target.
        """
        p = tuple(moment.probability(points.pixel) for moment in self.moments)
        known = verdicts_at(self.readings, self.services, points.easting_m, points.northing_m, self.config)
        today = np.where(known == UNKNOWN, p[0] >= self.target, known == PASSED)
        alone = (p[1] - p[0]) / np.maximum(1.0 - p[0], 1e-9)
        after = np.where(known == FAILED, alone >= self.target, today | (p[1] >= self.target))
        by_unit = [points.by_unit(each.astype(np.float64)) for each in (today, after, *p)]
        read = np.logical_or.reduceat(known != UNKNOWN, points.first, axis=-1)
        return by_unit[0] > 0, by_unit[1] > 0, (by_unit[2], by_unit[3]), read

    def by_points(self, test: str, points: DecidingPoints) -> Amounts:
        """Units that pass by their points."""
        before, after, p, read = self.verdicts(points)
        rules, units = self.config.evidence, points.units
        return Amounts(
            test,
            "places" if test == PLACES else "villages",
            np.ones(len(units)),
            self._codes(units["county_id"]),
            (before, after),
            p,
            read,
            part=units["part"].to_numpy(dtype=object) if test == PLACES else None,
            town=units["town"].to_numpy(dtype=object) if test == VILLAGES else None,
            required=rules.place_share if test == PLACES else 1.0,
        )

    def _codes(self, county_id: pd.Series) -> NDArray[np.int64]:
        codes = {each: i for i, each in enumerate(self.inputs.counties["county_id"], start=1)}
        return county_id.map(codes).to_numpy(dtype=np.int64)

    # --- continuous cover ---------------------------------------------------------------------------------

    def _pixels(
        self, test: str, unit: str, pixel: NDArray[np.int64], amount: Values, **more: object
    ) -> Amounts:
        """Amounts on pixels."""
        p = tuple(moment.probability(pixel) for moment in self.moments)
        read = np.zeros((len(self.services), len(pixel)), dtype=bool)
        if self.is_measured is not None:
            outdoors = [not service.layer.indoor for service in self.services]
            read[outdoors] = self.is_measured.ravel()[pixel]
        passed = tuple(each >= self.target for each in p)
        county = self.inputs.county_code.ravel()[pixel].astype(np.int64)
        return Amounts(test, unit, amount, county, passed, p, read, **more)  # type: ignore[arg-type]

    def residents(self) -> Amounts | tuple[str, Message]:
        """People by pixel."""
        if not self.demand.people.any():
            return (RESIDENTS, ("unanswered_people", {}))
        lived_in = self.demand.people > 0
        town = self._towns()[self.demand.village[lived_in]]
        pixels, people = self.demand.pixels[lived_in], self.demand.people[lived_in]
        return self._pixels(RESIDENTS, "people", pixels, people, town=town)

    def _towns(self) -> NDArray[np.object_]:
        """Town of each village, and "" last, for no village."""
        villages = self.inputs.villages
        if villages is None or "town" not in villages:
            return np.full(1 + (0 if villages is None else len(villages)), "", dtype=object)
        return np.append(villages["town"].fillna("").to_numpy(dtype=object), "")

    def settled_land(self) -> Amounts | tuple[str, Message]:
        """Land people live on: built-up land cover, else pixels with residents."""
        inside = self.inputs.county_code > 0
        if self.config.inputs.land_cover is not None:
            kinds = clutter_kinds(self.config)
            built = frozenset(i for i, kind in enumerate(kinds) if kind.built)
            land = built_up(self.inputs.clutter, built, self.inputs.grid) > 0
        else:
            land = self.demand.people_on_grid() > 0
        pixel = np.flatnonzero(land & inside)
        if not pixel.size:
            return (SETTLED, ("unanswered_settled", {}))
        area = np.full(len(pixel), (self.inputs.grid.resolution_m / 1000.0) ** 2)
        return self._pixels(SETTLED, "km2", pixel, area)

    def continuous(self) -> Amounts | tuple[str, Message]:
        """Villages whose residents are served to the share asked for."""
        villages = self.inputs.villages
        own = self.demand.village_pixel >= 0
        if villages is None or not own.any():
            return (CONTINUOUS, ("unanswered_villages", {}))
        p = tuple(moment.continuity[:, own] for moment in self.moments)
        lived_in = np.isfinite(p[0]).all(axis=0)
        if not lived_in.any():
            return (CONTINUOUS, ("unanswered_people", {}))
        p = tuple(each[:, lived_in] for each in p)
        table = villages[own][lived_in]
        return Amounts(
            CONTINUOUS,
            "villages",
            np.ones(len(table)),
            self._codes(table["county_id"]),
            tuple(each >= self.target for each in p),  # type: ignore[arg-type]
            p,  # type: ignore[arg-type]
            np.zeros(p[0].shape, dtype=bool),
        )

    # --- roads and railways -------------------------------------------------------------------------------

    def pieces(self) -> tuple[gpd.GeoDataFrame, Pieces | None]:
        """Lines asked about, and their pieces inside the area; None where there are none."""
        lines = lines_of(self.inputs, self.config.evidence.road_classes)
        if lines.empty:
            return lines, None
        pieces = pieces_on(lines.geometry, self.inputs.grid)
        pieces = pieces.kept(self.inputs.county_code.ravel()[pieces.pixel] > 0)
        return lines, pieces if len(pieces.line) else None

    def lines(self, lines: gpd.GeoDataFrame, pieces: Pieces) -> Amounts:
        """Kilometres by class; a car is outdoors, so indoor services are not asked."""
        indoor = frozenset(k for k, service in enumerate(self.services) if service.layer.indoor)
        return self._pixels(
            LINES,
            "km",
            pieces.pixel,
            pieces.length_m / 1000.0,
            part=lines["line_class"].to_numpy(dtype=object)[pieces.line],
            required=self.config.evidence.line_share,
            skipped=indoor,
        )

    def stretches(self, lines: gpd.GeoDataFrame, pieces: Pieces | None) -> gpd.GeoDataFrame:
        """Longest stretches without cover in the first service after the plan."""
        columns = ["line_class", "county_id", "county", "length_m", "longitude", "latitude", "to_longitude"]
        columns += ["to_latitude"]
        none = gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=self.inputs.grid.crs)
        if pieces is None:
            return none
        p = 1.0 - self.moments[1].outage[0].ravel()[pieces.pixel].astype(np.float64)
        open_pieces = pieces.kept(p < self.target)
        kind = lines["line_class"].to_numpy(dtype=object)[open_pieces.line]
        shapes, classes = [], []
        for each in sorted(set(kind)):
            members = shapely.linestrings(open_pieces.ends_m[kind == each])
            merged = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(members)))
            shapes += list(merged)
            classes += [each] * len(merged)
        if not shapes:
            return none
        return self._listed(np.array(shapes, dtype=object), np.array(classes, dtype=object))

    def _listed(self, shapes: NDArray[np.object_], classes: NDArray[np.object_]) -> gpd.GeoDataFrame:
        """The longest stretches with their county and ends."""
        length, rules = shapely.length(shapes), self.config.evidence
        order = np.lexsort((classes.astype(str), -np.round(length, 3)))
        order = order[length[order] >= rules.shortest_stretch_m][: rules.most_stretches]
        shapes, classes, length = shapes[order], classes[order], length[order]
        middle = shapely.line_interpolate_point(shapes, 0.5, normalized=True)
        row, col = self.inputs.grid.index(shapely.get_x(middle), shapely.get_y(middle))
        code = self.inputs.county_code[row, col]
        names = self.inputs.counties.iloc[code - 1]
        ends = [shapely.get_point(shapes, at) for at in (0, -1)]
        (lon, lat), (to_lon, to_lat) = (
            lonlat(self.inputs.grid.crs, shapely.get_x(end), shapely.get_y(end)) for end in ends
        )
        return gpd.GeoDataFrame(
            {
                "line_class": classes,
                "county_id": names["county_id"].to_numpy(dtype=object),
                "county": names["county"].to_numpy(dtype=object),
                "length_m": np.round(length, 0),
                "longitude": np.round(lon, 6),
                "latitude": np.round(lat, 6),
                "to_longitude": np.round(to_lon, 6),
                "to_latitude": np.round(to_lat, 6),
            },
            geometry=list(shapes),
            crs=self.inputs.grid.crs,
        )

    # --- evidence -----------------------------------------------------------------------------------------

    def point_table(self, asked: Sequence[tuple[str, DecidingPoints | None]]) -> gpd.GeoDataFrame:
        """Each unit with the probability of its deciding point in the first service."""
        columns = [
            "test",
            "unit_id",
            "name",
            "part",
            "town",
            "county_id",
            "county",
            "points",
            "probability_before",
        ]
        columns += ["probability_after", "passed_before", "passed_after", "evidence"]
        tables = [self._units(test, points) for test, points in asked if points is not None]
        if not tables:
            return gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=self.inputs.grid.crs)
        table = pd.concat(tables, ignore_index=True)
        return gpd.GeoDataFrame(table[[*columns, "geometry"]], geometry="geometry", crs=self.inputs.grid.crs)

    def _units(self, test: str, points: DecidingPoints) -> pd.DataFrame:
        before, after, p, read = self.verdicts(points)
        at = shapely.points(points.easting_m[points.first], points.northing_m[points.first])
        return points.units.assign(
            test=test,
            points=np.bincount(points.unit, minlength=len(points.units)),
            probability_before=np.round(p[0][0], 4),
            probability_after=np.round(p[1][0], 4),
            passed_before=before[0],
            passed_after=after[0],
            evidence=np.where(read[0], "measured", "predicted"),
            geometry=at,
        )

    def conflicts(self, points: DecidingPoints | None) -> pd.DataFrame:
        """Villages where what is known disagrees, in the first service today."""
        columns = [
            "unit_id",
            "name",
            "county_id",
            "county",
            "probability",
            "predicted",
            "measured",
            "reported",
        ]
        villages = self.inputs.villages
        if points is None or villages is None:
            return pd.DataFrame({name: [] for name in columns})
        p = self.moments[0].probability(points.pixel)
        known = verdicts_at(
            self.readings, self.services[:1], points.easting_m, points.northing_m, self.config
        )
        chance = points.by_unit(p[:1])[0]
        read = _read_by_unit(points, known[0])
        reported = np.full(len(points.units), np.nan)
        if "reported_covered" in villages:
            said = villages.drop_duplicates("village_id").set_index("village_id")["reported_covered"]
            reported = points.units["unit_id"].map(said).to_numpy(dtype=float)
        predicted = (chance >= self.target).astype(float)
        all_known = np.stack([predicted, read, reported])
        differ = np.nanmin(all_known, axis=0) != np.nanmax(all_known, axis=0)
        table = points.units.assign(
            probability=np.round(chance, 4), predicted=predicted, measured=read, reported=reported
        )
        return table.loc[differ, columns].reset_index(drop=True)


def _read_by_unit(points: DecidingPoints, known: NDArray[np.int8]) -> Values:
    """1, 0 or NaN by unit: what readings say of its points; of all points, one failed is enough."""
    count = len(points.units)
    have = np.bincount(points.unit, known != UNKNOWN, minlength=count)
    good = np.bincount(points.unit, known == PASSED, minlength=count)
    passed = good == have if points.all_points else good > 0
    return np.where(have > 0, passed.astype(float), np.nan)


# --- sums ------------------------------------------------------------------------------------------------


def _rows(asked: Amounts | tuple[str, Message], tester: _Tester) -> list[dict[str, object]]:
    """Rows of one test, the whole area first; or the row that says why there is no answer."""
    if isinstance(asked, tuple):
        blank: dict[str, object] = dict.fromkeys(COLUMNS, "")
        numbers = dict.fromkeys(COLUMNS[COLUMNS.index("total") : -1], float("nan"))
        return [{**blank, **numbers, "test": asked[0], "level": "area", "unanswered": asked[1]}]
    frames = [_summed(asked, k, tester) for k in range(len(tester.services)) if k not in asked.skipped]
    table = pd.concat(frames, ignore_index=True)
    order = {level: i for i, level in enumerate(_LEVELS)}
    table = table.sort_values(
        ["level", "part", "service", "county_id", "town"],
        key=lambda column: column.map(order) if column.name == "level" else column,
        kind="stable",
    )
    return [{name: row[name] for name in COLUMNS} for row in table.to_dict("records")]


def _summed(asked: Amounts, k: int, tester: _Tester) -> pd.DataFrame:
    """Sums of one service by level; of parts, their total as well."""
    before, after = (passed[k] for passed in asked.passed)
    table = pd.DataFrame(
        {
            "county_code": asked.county,
            "part": "" if asked.part is None else np.where(asked.part == "", UNNAMED, asked.part),
            "town": "" if asked.town is None else asked.town,
            "total": asked.amount,
            "before": asked.amount * before,
            "after": asked.amount * after,
            "expected_before": asked.amount * asked.probability[0][k],
            "expected_after": asked.amount * asked.probability[1][k],
            "read": asked.amount * asked.measured[k],
        }
    )
    keys = ["county_code", "part"] + (["town"] if asked.town is not None and k == 0 else [])
    sums = table.groupby(keys, as_index=False, sort=True)[_SUMS].sum()
    levels = [sums.assign(level="town")] if "town" in keys else []
    counties = sums.groupby(["county_code", "part"], as_index=False)[_SUMS].sum()
    if asked.part is not None:
        whole = counties.groupby("county_code", as_index=False)[_SUMS].sum().assign(part="")
        counties = pd.concat([whole, counties], ignore_index=True)
    area = counties.groupby("part", as_index=False)[_SUMS].sum()
    levels += [counties.assign(level="county"), area.assign(level="area")]
    return _labelled(pd.concat(levels, ignore_index=True), asked, k, tester)


_SUMS = ["total", "before", "after", "expected_before", "expected_after", "read"]


def _labelled(sums: pd.DataFrame, asked: Amounts, k: int, tester: _Tester) -> pd.DataFrame:
    """Sums with names, shares and what they rest on."""
    counties = tester.inputs.counties
    code = sums["county_code"].fillna(0).astype(int)
    ids = ["", *counties["county_id"]]
    names = ["", *counties["county"]]
    total = sums["total"].where(sums["total"] > 0)
    service = tester.services[k]
    return sums.assign(
        test=asked.test,
        unit=asked.unit,
        service=k,
        layer=service.layer.id,
        network=service.network,
        county_id=[ids[each] for each in code],
        county=[names[each] for each in code],
        town=sums["town"].fillna("") if "town" in sums else "",
        share_before=sums["before"] / total,
        share_after=sums["after"] / total,
        required=asked.required,
        measured_share=sums["read"] / total,
        unanswered=None,
    )
