"""The four tests over a drawn world: what is covered is known pixel by pixel, so every count is known too."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, Point
from worlds.two_counties import CRS, SOUTH, WEST, write_project

from siteplan.coverage.demand import build_demand
from siteplan.coverage.matrix import NodeOutage
from siteplan.planning import pipeline
from siteplan.planning.proof.four_tests import Moment, continuity, run_tests
from siteplan.planning.proof.readings import Readings
from siteplan.project.project_file import load_config
from siteplan.radio.shadowing import shared_shadowing

SERVICES = 5
EDGE_M = 8_000.0
"""West of this everything is served in the drawn world; it is the border of the counties."""


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = write_project(tmp_path_factory.mktemp("proof") / "two")
    config = load_config(folder)
    return pipeline.load(folder, config), config


def served_west(inputs, edge_m=EDGE_M, left=0.0):
    """What nobody serves: ``left`` west of an edge, everything east of it."""
    _, col = np.indices(inputs.grid.shape)
    east = inputs.grid.west_m + (col + 0.5) * inputs.grid.resolution_m - WEST
    return np.broadcast_to(np.where(east < edge_m, left, 1.0), (SERVICES, *inputs.grid.shape)).astype(
        np.float32
    )


def moment(inputs, demand, outage, share=0.95):
    shadowing = shared_shadowing(np.zeros(SERVICES))
    count = 0 if inputs.villages is None else len(inputs.villages)
    return Moment(outage, continuity(demand, NodeOutage(shadowing, outage[:, None]), count, share))


def results(world, before, after, readings=None, **changed):
    inputs, config = world
    inputs = replace(inputs, **changed)
    demand = build_demand(inputs, config)
    moments = tuple(moment(inputs, demand, each) for each in (before, after))
    return run_tests(inputs, config, demand, moments, readings)


@pytest.fixture(scope="module")
def half(world):
    """Nothing today, the west with the plan."""
    inputs, _ = world
    return results(world, served_west(inputs, 0.0), served_west(inputs))


def rows(found, test, level="area", layer="L1", network=""):
    table = found.table
    hit = table["test"].eq(test) & table["level"].eq(level) & table["layer"].eq(layer)
    return table[hit & table["network"].eq(network)]


def test_villages_pass_where_their_points_are_served(half):
    row = rows(half, "village_reach").iloc[0]
    assert (row["total"], row["before"], row["after"]) == (6, 0, 3)
    assert row["share_after"] == 0.5
    by_county = rows(half, "village_reach", "county").set_index("county")["after"]
    assert by_county.to_dict() == {"西县": 3, "东县": 0}


def test_residents_are_those_of_served_pixels(world, half):
    inputs, _ = world
    people = np.nan_to_num(inputs.population.values).astype(float)
    west = 1.0 - served_west(inputs)[0]
    row = rows(half, "residents").iloc[0]
    assert row["total"] == pytest.approx(people.sum())
    assert row["after"] == pytest.approx((people * west).sum())
    assert row["expected_after"] == pytest.approx((people * west).sum())


@pytest.mark.parametrize(
    "test", ["village_reach", "residents", "settled_land", "village_continuous", "lines", "key_places"]
)
def test_counties_towns_and_classes_add_up(half, test):
    table = half.table[half.table["test"].eq(test) & half.table["unanswered"].isna()]
    sums = ["total", "before", "after", "expected_before", "expected_after"]
    keys = ["layer", "network", "part"]
    area = table[table["level"].eq("area")].set_index(keys)[sums].sort_index()
    county = table[table["level"].eq("county")].groupby(keys)[sums].sum().sort_index()
    pd.testing.assert_frame_equal(area, county, check_exact=False, rtol=1e-9)
    towns = table[table["level"].eq("town")]
    if len(towns):
        assert towns[sums].sum().to_numpy() == pytest.approx(area.loc[("L1", "", "")].to_numpy())
    parts = area[area.index.get_level_values("part") != ""]
    if len(parts):
        whole = area[area.index.get_level_values("part") == ""].droplevel("part")
        pd.testing.assert_frame_equal(parts.groupby(["layer", "network"])[sums].sum(), whole, rtol=1e-9)


def test_half_of_a_road_across_the_border_is_served(half):
    """The road from west to east is 15 km, that from south to north lies in the west."""
    row = rows(half, "lines").iloc[0]
    assert row["total"] == pytest.approx(30.0, rel=0.01)
    assert row["after"] == pytest.approx(8.0 + 15.0, rel=0.01)
    assert not half.table[half.table["test"].eq("lines")]["layer"].eq("L3").any()


def test_the_longest_stretch_is_the_road_beyond_the_border(half):
    first = half.stretches.iloc[0]
    assert first["length_m"] == pytest.approx(7_000.0, abs=100.0)
    assert (first["county"], first["line_class"]) == ("东县", "primary")
    assert first.geometry.length == pytest.approx(first["length_m"], abs=1.0)


def test_a_school_in_a_village_is_one_of_its_points(half):
    """The school of the world lies in the last village; its own hospital is no point of a village."""
    points = half.points[half.points["test"].eq("village_reach")].set_index("name")["points"]
    assert points.to_dict() == {"西一村": 1, "西二村": 1, "西三村": 1, "东一村": 1, "东二村": 1, "东三村": 2}


def test_one_unserved_point_is_enough_unless_any_will_do(world):
    inputs, config = world
    school = gpd.GeoDataFrame(
        {
            "place_id": ["x"],
            "place": ["东校"],
            "kind": ["公办学校"],
            "county_id": ["440001"],
            "county": ["西县"],
        },
        geometry=[Point(WEST + 7_900, SOUTH + 9_000)],
        crs=CRS,
    )
    served = served_west(inputs, 7_000.0)
    all_of_them = results(world, served, served, key_places=school)
    name = all_of_them.points.set_index(["test", "name"])
    assert not name.loc[("village_reach", "西二村"), "passed_after"]
    rules = config.evidence.model_copy(update={"village_rule": "any"})
    changed = config.model_copy(update={"evidence": rules})
    any_of_them = results((inputs, changed), served, served, key_places=school)
    assert any_of_them.points.set_index(["test", "name"]).loc[("village_reach", "西二村"), "passed_after"]


def test_places_of_one_name_and_kind_are_one_place(world):
    inputs, _ = world
    ends = [Point(WEST + 6_000, SOUTH + 3_000), Point(WEST + 9_000, SOUTH + 3_000)]
    park = gpd.GeoDataFrame(
        {
            "place_id": ["1", "2"],
            "place": ["公园", "公园"],
            "kind": ["景区", "景区"],
            "county_id": ["440001", "440001"],
            "county": ["西县", "西县"],
        },
        geometry=ends,
        crs=CRS,
    )
    found = results(world, served_west(inputs), served_west(inputs), key_places=park)
    row = rows(found, "key_places").iloc[0]
    assert (row["total"], row["after"]) == (1, 0)


@pytest.mark.parametrize(
    ("changed", "test", "key"),
    [
        ({"villages": None, "village_areas": None}, "village_reach", "unanswered_villages"),
        ({"roads": None}, "lines", "unanswered_lines"),
        ({"key_places": None}, "key_places", "unanswered_places"),
        ({}, "hamlets", "unanswered_hamlets"),
        ({}, "lines", "unanswered_railways"),
    ],
)
def test_what_the_data_cannot_answer_is_not_zero(world, changed, test, key):
    inputs, _ = world
    outage = served_west(inputs)
    found = results(world, outage, outage, **changed).table
    row = found[found["test"].eq(test) & found["unanswered"].notna()].iloc[0]
    assert row["unanswered"][0] == key
    assert np.isnan(row["total"])
    assert np.isnan(row["after"])


def test_only_natural_villages_with_enough_households_are_asked(world):
    inputs, _ = world
    hamlets = gpd.GeoDataFrame(
        {
            "hamlet_id": ["a", "b", "c"],
            "hamlet": ["甲", "乙", "丙"],
            "households": [20.0, 19.0, 40.0],
            "county_id": ["440001", "440001", "440002"],
            "county": ["西县", "西县", "东县"],
        },
        geometry=[Point(WEST + x, SOUTH + 3_000) for x in (2_000, 3_000, 12_000)],
        crs=CRS,
    )
    outage = served_west(inputs)
    found = results(world, outage, outage, hamlets=hamlets)
    row = rows(found, "hamlets").iloc[0]
    assert (row["total"], row["after"]) == (2, 1)


def test_railways_are_lines_of_their_own_class(world):
    inputs, _ = world
    line = LineString([(WEST + 1_000, SOUTH + 7_000), (WEST + 11_000, SOUTH + 7_000)])
    railways = gpd.GeoDataFrame({"railway": ["rail"]}, geometry=[line], crs=CRS)
    outage = served_west(inputs)
    table = rows(results(world, outage, outage, railways=railways), "lines").set_index("part")
    assert table.loc["rail", "total"] == pytest.approx(10.0)
    assert table.loc["rail", "after"] == pytest.approx(7.0)
    assert table.loc["", "total"] == pytest.approx(table.loc[["rail", "primary"], "total"].sum())


# --- readings and reports ----------------------------------------------------------------------------------


def readings_at(x, y, rsrp_dbm):
    """The same readings for every service but the indoor ones."""
    x, y, values = (np.array(each, dtype=float) for each in (x, y, rsrp_dbm))
    none = np.zeros(0)
    each = [(x, y, values)] * 3 + [(none, none, none)] * 2
    return Readings(*(tuple(one[k] for one in each) for k in range(3)))


def around(inputs, name, count, rsrp_dbm, step_m=30.0):
    village = inputs.villages[inputs.villages["village"].eq(name)].geometry.iloc[0]
    along = step_m * np.arange(count)
    return readings_at(village.x + along, np.full(count, village.y), np.full(count, rsrp_dbm))


@pytest.mark.parametrize(("count", "decides"), [(4, False), (5, True)])
def test_enough_readings_decide_in_place_of_the_prediction(world, count, decides):
    inputs, _ = world
    outage = served_west(inputs)
    found = results(world, outage, outage, around(inputs, "西一村", count, -120.0))
    point = found.points[found.points["name"].eq("西一村")].iloc[0]
    assert point["evidence"] == ("measured" if decides else "predicted")
    assert point["passed_before"] != decides


def test_readings_from_one_spot_do_not_decide(world):
    inputs, _ = world
    outage = served_west(inputs)
    found = results(world, outage, outage, around(inputs, "西一村", 9, -120.0, step_m=0.0))
    assert found.points.set_index("name").loc["西一村", "evidence"] == "predicted"


def test_a_failed_measurement_is_made_good_by_what_the_plan_adds_only(world):
    """A place predicted to be served that is not: the old prediction does not come back with the plan."""
    inputs, _ = world
    before = served_west(inputs, left=0.2)
    readings = around(inputs, "西一村", 6, -120.0)
    same = results(world, before, before, readings).points.set_index("name").loc["西一村"]
    assert not same["passed_after"]
    better = results(world, before, served_west(inputs, left=0.01), readings).points.set_index("name")
    assert better.loc["西一村", "passed_after"]


def test_verdicts_that_differ_are_listed(world):
    inputs, _ = world
    outage = served_west(inputs)
    villages = inputs.villages.assign(reported_covered=[1.0, 0.0, np.nan, 1.0, 0.0, np.nan])
    found = results(world, outage, outage, around(inputs, "西一村", 6, -120.0), villages=villages)
    table = found.conflicts.set_index("name")[["predicted", "measured", "reported"]]
    told = dict(zip(villages["village"], villages["reported_covered"], strict=True))
    predicted = {name: float(name.startswith("西")) for name in told}
    odd = {name for name in told if not np.isnan(told[name]) and told[name] != predicted[name]} | {"西一村"}
    assert set(table.index) == odd
    assert table.loc["西一村", "measured"] == 0.0


# --- continuous cover ------------------------------------------------------------------------------------------


def test_continuity_is_the_chance_of_a_sky_that_serves_the_share(world):
    """Half of the people under a sky that must be above its median: the chance is one half."""
    inputs, config = world
    demand = build_demand(inputs, config)
    shadowing = shared_shadowing(np.full(SERVICES, 0.5))
    rising = np.linspace(0.9, 0.1, len(shadowing.node)).astype(np.float32)
    by_node = np.broadcast_to(rising[None, :, None, None], (SERVICES, len(rising), *inputs.grid.shape)).copy()
    outage = NodeOutage(shadowing, by_node)
    for share, wanted in ((0.5, 0.5), (0.05, 1.0), (0.95, 0.0)):
        found = continuity(demand, outage, len(inputs.villages), share)
        assert found[0] == pytest.approx(wanted, abs=0.05)
    easy, hard = (continuity(demand, outage, len(inputs.villages), share)[0] for share in (0.3, 0.7))
    assert (easy > hard).all()


def test_without_common_shadowing_a_share_is_reached_or_not(world):
    inputs, config = world
    demand = build_demand(inputs, config)
    found = moment(inputs, demand, served_west(inputs)).continuity[0]
    assert dict(zip(inputs.villages["village"], found, strict=True)) == {
        "西一村": 1.0,
        "西二村": 1.0,
        "西三村": 1.0,
        "东一村": 0.0,
        "东二村": 0.0,
        "东三村": 0.0,
    }
