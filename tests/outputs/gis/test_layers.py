"""GeoPackages and rasters, opened again and held against the plan."""

import math
import sqlite3

import numpy as np
import pyogrio
import pytest
import rasterio
from pyproj import CRS
from worlds.opened import (
    HOSTILE,
    csv_rows,
    differences,
    holds,
    layers_of,
)

from siteplan.outputs.sheets import plain
from siteplan.project.columns import names_of


def test_geopackages_list_their_layers(plan):
    _, folder = plan
    assert layers_of(folder / "candidates.gpkg") == {
        "proposed",
        "not_proposed",
        "counties",
        "rings",
        "villages",
        "deep_shadow",
        "points_tested",
        "uncovered_stretches",
    }
    assert layers_of(folder / "gaps.gpkg") == {"gaps"}


@pytest.mark.parametrize(
    ("file", "layer", "kind"),
    [
        ("candidates.gpkg", "proposed", "Point"),
        ("candidates.gpkg", "not_proposed", "Point"),
        ("candidates.gpkg", "rings", "Polygon"),
        ("candidates.gpkg", "villages", "Point"),
        ("gaps.gpkg", "gaps", "Polygon"),
    ],
)
def test_a_layer_declares_its_geometry_and_the_crs_of_the_project(plan, file, layer, kind):
    info = pyogrio.read_info(plan[1] / file, layer=layer)
    assert info["geometry_type"] in {kind, f"Multi{kind}"}
    assert CRS(info["crs"]) == CRS("EPSG:4547")
    assert info["features"] > 0


def test_proposed_layer_holds_the_ranked_rows_value_by_value(plan):
    proposal, folder = plan
    table = pyogrio.read_dataframe(folder / "candidates.gpkg", layer="proposed")
    assert set(table.columns) == set(proposal.places.proposed.columns)
    for column in table.columns.drop("geometry"):
        assert differences(table[column], proposal.places.proposed[column]) == [], column
    assert table.geometry.geom_equals_exact(proposal.places.proposed.geometry, tolerance=1e-9).all()


def test_rings_layer_is_the_search_area_of_each_candidate(plan):
    proposal, folder = plan
    table = pyogrio.read_dataframe(folder / "candidates.gpkg", layer="rings")
    assert table["candidate_id"].tolist() == proposal.places.proposed["candidate_id"].tolist()
    circle = math.pi * proposal.places.proposed["search_radius_m"].astype(float) ** 2
    np.testing.assert_allclose(table.area, circle, rtol=0.01)
    assert table.centroid.distance(proposal.places.proposed.geometry).max() < 0.01


def test_not_proposed_layer_and_refused_csv_list_the_same_places(plan):
    table = pyogrio.read_dataframe(plan[1] / "candidates.gpkg", layer="not_proposed").set_index(
        "candidate_id"
    )
    rows = csv_rows((plan[1] / "refused.csv").read_bytes())
    assert set(table.index) == {row["candidate_id"] for row in rows}
    for row in rows:
        assert (table.loc[row["candidate_id"], "rule"] or "") == row["rule"]
        assert table.loc[row["candidate_id"], "status"] == row["status"]


def test_villages_layer_holds_the_villages_value_by_value(plan):
    proposal, folder = plan
    table = pyogrio.read_dataframe(folder / "candidates.gpkg", layer="villages")
    assert set(table.columns) == set(proposal.effects.villages.columns)
    for column in table.columns.drop("geometry"):
        assert differences(table[column], proposal.effects.villages[column]) == [], column


def test_gaps_layer_holds_the_gaps_value_by_value(plan):
    proposal, folder = plan
    table = pyogrio.read_dataframe(folder / "gaps.gpkg")
    assert set(table.columns) == set(proposal.existing.gaps.columns)
    for column in table.columns.drop("geometry"):
        assert differences(table[column], proposal.existing.gaps[column]) == [], column
    assert table.geometry.geom_equals(proposal.existing.gaps.geometry).all()
    assert table["gap_id"].is_unique


@pytest.mark.parametrize("when", ["before", "after"])
def test_coverage_raster_is_the_probability_on_the_demand_grid(plan, when):
    proposal, folder = plan
    expected = {"before": proposal.existing, "after": proposal.effects}[when].coverage.values
    with rasterio.open(folder / f"coverage_{when}.tif") as raster:
        assert CRS(raster.crs.to_wkt()) == CRS("EPSG:4547")
        assert raster.transform == proposal.area.grid.transform
        assert (raster.width, raster.height, raster.count) == (
            proposal.area.grid.width,
            proposal.area.grid.height,
            1,
        )
        assert (raster.dtypes, raster.nodata) == (("float32",), -1.0)
        values, tags = raster.read(1, masked=True), raster.tags()
        description = raster.descriptions[0]
    assert (np.ma.getmaskarray(values) == np.isnan(expected)).all()
    assert 0 <= values.min() < values.max() <= 1
    np.testing.assert_allclose(values.compressed(), expected[~np.isnan(expected)], atol=5.1e-5)
    assert (tags["MODEL"], tags["THRESHOLD_DBM"]) == ("terrain, uncalibrated", "-105.0")
    assert tags["SYNTHETIC"] == proposal.config.project.synthetic
    assert description == "P(RSRP >= T), layer L1"


def test_people_covered_can_be_counted_again_from_the_raster(plan, planned_city):
    """The number in run.json is what a GIS user gets from the two rasters."""
    proposal, folder = plan
    with rasterio.open(planned_city / "population.tif") as source:
        people = source.read(1)
    with rasterio.open(folder / "coverage_after.tif") as source:
        probability = source.read(1)
    covered = people[probability >= proposal.config.coverage.edge_probability_target].sum()
    assert covered == pytest.approx(proposal.record.population_covered_after)
    expected = (people * probability).sum()
    assert expected == pytest.approx(proposal.record.population_expected_after, rel=1e-3)


def test_every_hostile_property_comes_back_from_the_geopackage_as_it_was_typed(hostile):
    with sqlite3.connect(hostile[1] / "candidates.gpkg") as database:
        names = [
            name
            for layer in ("proposed", "not_proposed")
            for (name,) in database.execute(f"SELECT name FROM {layer}")
        ]
    database.close()
    assert [name for name in HOSTILE.values() if names.count(name) != 1] == []


def test_geopackage_opens_with_every_value(run):
    """Read with SQLite alone."""
    proposal, folder = run
    with sqlite3.connect(folder / "candidates.gpkg") as base:
        base.row_factory = sqlite3.Row
        rows = base.execute("SELECT * FROM proposed ORDER BY rank").fetchall()
    for row, (_, want) in zip(rows, proposal.places.proposed.iterrows(), strict=True):
        assert [n for n in names_of("proposed") if not holds(row[n], plain(want[n]))] == []
