"""Readings by service, and how often they agree with the prediction."""

from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point
from worlds.two_counties import CRS, write_project

from siteplan.core.grid import Grid
from siteplan.coverage.demand import services_of
from siteplan.planning.proof.readings import hit_rates, readings_of
from siteplan.project.project_file import load_config

GRID = Grid(CRS, 0.0, 300.0, 100.0, 3, 3)


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return load_config(write_project(tmp_path_factory.mktemp("readings") / "two"))


def points(*rows):
    """Rows of band, place, RSRP, easting, northing."""
    band, place, rsrp, x, y = zip(*rows, strict=True)
    columns = {"band": band, "place": place, "rsrp_dbm": np.array(rsrp, dtype=float)}
    return gpd.GeoDataFrame(columns, geometry=[Point(*each) for each in zip(x, y, strict=True)], crs=CRS)


def test_the_strongest_of_the_networks_asked_for_counts(config):
    services = services_of(config)
    found = readings_of(points(("low", 1, -110, 5, 5), ("high", 1, -90, 5, 5)), services, config)
    keys = [service.key for service in services]
    values = dict(zip(keys, found.rsrp_dbm, strict=True))
    assert values["L1"].tolist() == [-90.0]
    assert values["L2/A"].tolist() == [-110.0]
    assert values["L2/B"].tolist() == [-90.0]


def test_indoors_nothing_was_measured(config):
    services = services_of(config)
    found = readings_of(points(("low", 1, -60, 5, 5)), services, config)
    indoor = [len(found.rsrp_dbm[k]) for k, service in enumerate(services) if service.layer.indoor]
    assert indoor == [0] * len(indoor)
    assert readings_of(None, services, config) is None


def test_hits_are_counted_by_pixel_and_county(config):
    """Nine pixels, two with enough readings: one good as predicted, one bad against the prediction."""
    services = services_of(config)[:1]
    rows = [("low", k, -90, 50 + k, 250) for k in range(5)]
    rows += [("low", 10 + k, -120, 250 + k, 250) for k in range(6)]
    rows += [("low", 30, -120, 150, 150)]
    readings = readings_of(points(*rows), services, config)
    demand = SimpleNamespace(services=services, grid=GRID)
    county = np.array([[1, 1, 2], [1, 1, 2], [1, 1, 2]], dtype=np.int32)
    names = {1: ("a", "甲"), 2: ("b", "乙")}
    table = hit_rates(readings, demand, np.zeros((1, 3, 3), dtype=np.float32), county, names, config)
    assert table[["county", "both", "predicted_only", "measured_only", "neither"]].to_numpy().tolist() == [
        ["甲", 1, 0, 0, 0],
        ["乙", 0, 1, 0, 0],
    ]
    assert table["hit_rate"].tolist() == [1.0, 0.0]
