"""Compliance distances of ranked places, and signal along a drawn air route."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, Point
from worlds.terrain_world import plain, walled
from worlds.two_counties import CRS, SOUTH, WEST, write_project

from siteplan.coverage.demand import services_of
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.ground import ground_model
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.planning import pipeline
from siteplan.planning.proof.exposure import exposure_table, transmitter_of
from siteplan.planning.proof.low_altitude import corridor_table
from siteplan.project.project_file import load_config
from siteplan.radio.exposure import compliance_distance
from siteplan.radio.sectors import Sector

POWERED = {
    "bands.1.classes.*": {
        "models": [{"formula": "rma_nlos"}],
        "power_w": 200.0,
        "resource_blocks": 273,
        "antenna": "panel",
    },
    "antennas": [{"id": "panel", "gain_dbi": 24, "vertical_beamwidth_deg": 8, "downtilt_deg": 6}],
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = write_project(tmp_path_factory.mktemp("air") / "two", POWERED)
    config = load_config(folder)
    return pipeline.load(folder, config), config


def mast(east, north, bands=("high",), sectors=()):
    return Mast(f"M{east:g}", WEST + east, SOUTH + north, "rural", 35.0, bands, sectors)


def ranked(*masts, source_id=""):
    return gpd.GeoDataFrame(
        {
            "rank": range(1, len(masts) + 1),
            "candidate_id": [each.site_id for each in masts],
            "source_id": [source_id] * len(masts),
        },
        geometry=[Point(each.easting_m, each.northing_m) for each in masts],
        crs=CRS,
    )


def test_a_place_near_a_building_needs_an_assessment(world):
    inputs, config = world
    school = inputs.properties[inputs.properties["property_name"].eq("东一村小学")].geometry.iloc[0]
    near = mast(school.x - WEST + 20.0, school.y - SOUTH)
    far = mast(4_000.0, 4_000.0)
    table = exposure_table(ranked(near, far), [near, far], inputs, config).set_index("candidate_id")
    wanted = compliance_distance([200.0], [24.0], [2_140.0], duty=config.exposure.duty)
    assert table["compliance_distance_m"].tolist() == pytest.approx([wanted, wanted], abs=0.06)
    assert table["needs_assessment"].tolist() == [True, False]
    assert table.loc[near.site_id, "nearest"] == "东一村小学"


def test_the_property_a_place_stands_on_is_not_its_neighbour(world):
    inputs, config = world
    own = inputs.properties[inputs.properties["property_name"].eq("东一村小学")].iloc[0]
    here = mast(own.geometry.x - WEST, own.geometry.y - SOUTH)
    row = exposure_table(ranked(here, source_id=own["property_id"]), [here], inputs, config).iloc[0]
    assert row["nearest"] != "东一村小学"


def test_a_band_without_a_power_is_not_answered(world):
    inputs, config = world
    assert transmitter_of("low", "rural", config) is None
    both = mast(4_000.0, 4_000.0, ("high", "low"))
    row = exposure_table(ranked(both), [both], inputs, config).iloc[0]
    assert np.isnan(row["compliance_distance_m"])
    assert row["unanswered"] == ("unanswered_power", {"bands": ("low",)})
    assert not row["needs_assessment"]


def test_an_eirp_a_resource_element_is_as_good_as_a_power(world):
    _, config = world
    full = transmitter_of("high", "rural", config)
    per_re = 10 * np.log10(200.0 * 1_000 / (12 * 273)) + 24.0
    classes = config.band("high").classes
    given = classes["*"].model_copy(update={"power_w": None, "eirp_per_re_dbm": per_re})
    band = config.band("high").model_copy(update={"classes": {"*": given}})
    changed = config.model_copy(update={"bands": (config.band("low"), band)})
    other = transmitter_of("high", "rural", changed)
    assert other.power_w * 10 ** (other.gain_dbi / 10) == pytest.approx(
        full.power_w * 10 ** (full.gain_dbi / 10)
    )


# --- air routes ----------------------------------------------------------------------------------------------


def route(*points):
    line = LineString([(WEST + east, SOUTH + north) for east, north in points])
    return gpd.GeoDataFrame({"corridor": ["A1"]}, geometry=[line], crs=CRS)


def table_of(world, existing, planned, dem, corridors):
    inputs, config = world
    propagation = TerrainModel(config, services_of(config), ground_model(dem, None, config))
    return corridor_table(existing, planned, propagation, replace(inputs, corridors=corridors), config)


def test_a_route_past_a_mast_has_signal_and_one_without_masts_none(world):
    corridors = route((500.0, 2_000.0), (5_500.0, 2_000.0))
    served = table_of(world, [mast(3_000.0, 3_000.0)], [], plain(), corridors)
    assert served["height_m"].tolist() == [100.0, 200.0, 300.0]
    assert served["length_km"].tolist() == pytest.approx([5.0] * 3)
    assert (served["share_before"] > 0.9).all()
    empty = table_of(world, [], [], plain(), corridors)
    assert (empty["share_before"] == 0.0).all()


def test_the_plan_adds_and_an_upgraded_site_is_not_counted_twice(world):
    corridors = route((500.0, 2_000.0), (5_500.0, 2_000.0))
    old = mast(3_000.0, 3_000.0, ("high",))
    table = table_of(world, [old], [old], plain(), corridors)
    assert table["expected_before"].tolist() == table["expected_after"].tolist()
    new = table_of(world, [], [old], plain(), corridors)
    assert (new["expected_after"] > new["expected_before"]).all()
    assert new["expected_after"].tolist() == table["expected_before"].tolist()


def test_a_wall_hides_the_low_route_and_not_the_high_one(world):
    """The ray to 100 m passes 15 m below the top of the wall, the one to 300 m well above it."""
    corridors = route((4_500.0, 3_000.0), (5_500.0, 3_000.0))
    here = [mast(3_000.0, 3_000.0, ("low",))]
    free, hidden = (
        table_of(world, here, [], dem, corridors)["expected_before"]
        for dem in (plain(), walled(3_300.0, 60.0))
    )
    assert hidden[0] < 0.9 * free[0]
    assert hidden[2] == pytest.approx(free[2], rel=1e-3)


def test_a_beam_that_looks_down_gives_less_above(world):
    """The same mast with its pattern in height, aimed at the route and away from it."""
    corridors = route((3_000.0, 4_500.0), (3_000.0, 5_500.0))

    def expected(azimuth):
        sectors = (("high", (Sector(azimuth, 6.0),)),)
        return table_of(world, [mast(3_000.0, 3_000.0, ("high",), sectors)], [], plain(), corridors)

    ahead, behind = expected(0.0), expected(180.0)
    assert (ahead["expected_before"] >= behind["expected_before"]).all()


def test_without_relief_a_route_is_not_answered_and_without_routes_nothing_is_said(world):
    inputs, config = world
    buffers = EmpiricalModel(config, services_of(config))
    asked = replace(inputs, corridors=route((500.0, 2_000.0), (5_500.0, 2_000.0)))
    row = corridor_table([], [], buffers, asked, config).iloc[0]
    assert row["unanswered"] == ("unanswered_relief", {})
    assert corridor_table([], [], buffers, inputs, config).empty
    far = table_of(world, [], [], plain(), route((90_000.0, 0.0), (95_000.0, 0.0)))
    assert far["unanswered"].map(lambda each: each[0]).tolist() == ["unanswered_relief"] * 3
