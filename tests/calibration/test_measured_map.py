"""A map conditioned on readings: limits, nodes, and a plan from the file to its outputs."""

import numpy as np
import pandas as pd
import pytest
import rasterio
from scipy.special import ndtr, ndtri
from worlds.measured_world import reading_of
from worlds.two_counties import SOUTH, WEST, lonlat

import siteplan
import siteplan.api
from siteplan.calibration.conditioning import LENGTHS_M, Covariance
from siteplan.calibration.measured_map import MeasuredMap, NetworkField, condition_outage
from siteplan.coverage.demand import Service
from siteplan.coverage.matrix import NodeOutage
from siteplan.inputs import measurements
from siteplan.planning import pipeline
from siteplan.planning.quota import on_air
from siteplan.project.planning import Layer
from siteplan.project.project_file import load_config
from siteplan.radio.shadowing import shared_shadowing

NO_COVARIANCE = Covariance((0.0,) * len(LENGTHS_M), (0.0,) * len(LENGTHS_M), (0.0,) * len(LENGTHS_M), 1.0)
SERVICES = (
    Service(Layer(id="L1", name="", threshold_dbm=-105.0), ""),
    Service(Layer(id="L2", name="", threshold_dbm=-105.0, scope="each"), "A"),
)


def sky_with(probability):
    """Outage of two services on a line of pixels, all of whose nodes differ."""
    shadowing = shared_shadowing([0.5, 0.5])
    score = ndtri(np.asarray(probability))[None, None, None, :] * np.ones((2, len(shadowing.node), 1, 1))
    given = (score + np.sqrt(0.5) * shadowing.node[None, :, None, None]) / np.sqrt(0.5)
    return NodeOutage(shadowing, (1.0 - ndtr(given)).astype(np.float32))


def field(score, explained):
    as_raster = (np.asarray(each, dtype=np.float32)[None, :] for each in (score, explained))
    return NetworkField(*as_raster, np.zeros((1, len(score)), dtype=bool), 300, NO_COVARIANCE)


def test_where_no_reading_is_near_the_model_stands():
    before = sky_with([0.2, 0.5, 0.9])
    after = condition_outage(before, SERVICES, MeasuredMap({"": field([0, 0, 0], [0, 0, 0])}))
    np.testing.assert_array_equal(after.by_node, before.by_node)
    assert not after.shadowing.shift.any()


def test_a_network_nobody_measured_stays_as_it_was():
    before = sky_with([0.2, 0.5, 0.9])
    after = condition_outage(before, SERVICES, MeasuredMap({"": field([1, 1, 1], [0.5, 0.5, 0.5])}))
    np.testing.assert_array_equal(after.by_node[1], before.by_node[1])
    assert (after.mean[0] < before.mean[0]).all()


@pytest.mark.parametrize(("score", "explained"), [(1.0, 0.5), (-1.5, 0.3), (0.0, 0.8), (3.0, 0.95)])
def test_the_mean_over_nodes_is_the_closed_form(score, explained):
    """P' = Phi((z + m) / sqrt(1 - s))."""
    given = np.array([0.05, 0.3, 0.5, 0.8, 0.97])
    before = sky_with(given)
    known = MeasuredMap({"": field([score] * 5, [explained] * 5)})
    after = condition_outage(before, SERVICES, known)
    z = ndtri(np.clip(1.0 - before.mean[0, 0].astype(float), 1e-4, 1.0 - 1e-6))
    expected = ndtr((z + score) / np.sqrt(1.0 - explained))
    np.testing.assert_allclose(1.0 - after.mean[0, 0], expected, atol=2e-5)
    assert (np.diff(after.by_node[0], axis=0) <= 1e-6).all()  # a better sky never serves less
    np.testing.assert_allclose(after.shadowing.shift[0], 0.5 * score)


def test_what_the_model_never_served_can_be_measured():
    nothing = NodeOutage(shared_shadowing([0.5, 0.5]), np.ones((2, 5, 1, 1), dtype=np.float32))
    after = condition_outage(nothing, SERVICES, MeasuredMap({"": field([4.0], [0.9])}))
    assert 1.0 - after.mean[0, 0, 0] > 0.5


@pytest.fixture(scope="module")
def driven(tmp_path_factory, shared_world):
    """A drive through the western half in which all stations are 10 dB weaker than the model says."""
    config = load_config(shared_world)
    inputs = pipeline.load(shared_world, config)
    propagation = pipeline.propagation_for(inputs, config, pipeline.services_of(config))
    rng, rows = np.random.default_rng(11), []
    homes = inputs.villages.geometry
    homes = homes[homes.x < WEST + 7_000]
    east = np.concatenate([rng.uniform(300, 7_000, 900), homes.x - WEST])
    north = np.concatenate([rng.uniform(300, 14_700, 900), homes.y - SOUTH])
    for i, (x, y) in enumerate(zip(east, north, strict=True)):
        common = rng.normal(0.0, 3.0)
        lon, lat = lonlat(x, y)
        for row in on_air(inputs.stations, config).itertuples():
            median = reading_of(row, WEST + x, SOUTH + y, inputs.stations, propagation)
            if np.isfinite(median):
                level = median - 10.0 + common + rng.normal(0.0, 2.0)
                rows.append((f"{i}", level, float(lon), float(lat), row.station_id))
    path = tmp_path_factory.mktemp("drive") / "drive.csv"
    pd.DataFrame(rows, columns=["时间", "RSRP", "经度", "纬度", "station_id"]).to_csv(path, index=False)
    return path


def test_a_plan_takes_the_measurements_and_says_so(driven, shared_world, tmp_path):
    project = siteplan.open_project(shared_world)
    usual, known = project.plan(threads=1), project.plan(measurements=driven, threads=1)
    before, after = (plan.proposal.existing.coverage.values for plan in (usual, known))
    share = known.proposal.existing.measured_share.values
    measured, far = share > 0.3, (share == 0.0) & ~np.isnan(before)
    assert np.nanmax(share[:, 100:]) < np.nanmax(share[:, :60])
    assert measured.sum() > 300
    np.testing.assert_array_equal(before[far], after[far])
    open_ = measured & (before > 0.05) & (before < 0.95)
    assert np.nanmean(after[open_]) < np.nanmean(before[open_]) - 0.1
    np.testing.assert_array_equal(known.proposal.existing.coverage_predicted.values, before)
    assert known.record.run_id != usual.record.run_id
    assert known.record.model.measured["places"]["any"] > 300
    assert usual.record.model.measured == {}
    assert known.record.population_expected_before < usual.record.population_expected_before
    assert set(usual.villages["evidence"]) == {"predicted"}
    mine = known.villages["evidence"].eq("measured")
    assert mine.sum() == known.record.model.measured["villages"] > 0
    assert (known.villages.loc[mine].geometry.x < WEST + 8_000).all()
    folder = known.write(tmp_path / "run")
    with rasterio.open(folder / "measured_share.tif") as raster:
        assert raster.read(1).max() == pytest.approx(np.nanmax(share), abs=1e-3)
    assert (folder / "coverage_predicted.tif").exists()
    assert "200 米内有实测" in (folder / "map.html").read_text(encoding="utf-8")
    assert siteplan.read_plan(folder) == known


def test_readings_of_no_station_stop_before_anything_is_planned(shared_world, tmp_path):
    path = tmp_path / "other.csv"
    pd.DataFrame({"RSRP": [-90.0], "经度": [113.6], "纬度": [24.8], "速率": [3]}).to_csv(path, index=False)
    with pytest.raises(siteplan.SiteplanError):
        siteplan.open_project(shared_world).plan(measurements=path, threads=1)


def test_a_long_log_is_matched_in_pieces_like_a_short_one(driven, shared_world, monkeypatch):
    """Pieces of 700 rows give the points, places and faults of the whole; a draw keeps whole places."""
    config = load_config(shared_world)
    inputs = pipeline.load(shared_world, config)
    given = siteplan.api.measurements_input(driven)
    whole = pipeline.matched(shared_world, inputs, config, given)
    monkeypatch.setattr(measurements, "PIECE_ROWS", 700)
    pieces = pipeline.matched(shared_world, inputs, config, given)
    assert pieces.matched == whole.matched == len(whole.points)
    pd.testing.assert_frame_equal(
        pieces.points.drop(columns=["place", "geometry"]), whole.points.drop(columns=["place", "geometry"])
    )
    assert pieces.faults == whole.faults
    few = pipeline.matched(shared_world, inputs, config, given, most=800, seed=3)
    assert 500 < len(few.points) < 1_200
    assert few.matched == whole.matched
    servers = pieces.points.groupby("place")["row"].nunique()
    kept = few.points.groupby("place")["row"].nunique()
    assert (kept == servers.loc[kept.index]).all()
    again = pipeline.matched(shared_world, inputs, config, given, most=800, seed=3)
    assert again.points["row"].tolist() == few.points["row"].tolist()
