"""Calibration: what is put into a simulated network is found again, and too little data is refused."""

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from worlds.measured_world import (
    TRUTH,
    all_heard,
    sample_of,
    serving,
    simulated_drive,
    six_strongest,
)
from worlds.two_counties import SOUTH, WEST, write_project

from siteplan.calibration import Fit, build_sample, calibrate, fit_terms
from siteplan.calibration.fit import names_strongest_only, selection_gain_db, thinned
from siteplan.calibration.judgement import TooLittleDataError, terms_of
from siteplan.core.errors import InputFaults
from siteplan.coverage.masts import masts_of
from siteplan.outputs.wording import error_text
from siteplan.planning import pipeline
from siteplan.planning.quota import on_air
from siteplan.project.input_files import Input
from siteplan.project.project_file import load_config, with_calibration
from siteplan.radio.linkbudget import LinkBudgets


def within(judged, name, truth, errors=3.0, least=0.1):
    """Whether a fitted number lies within so many of its own standard errors of the truth."""
    return abs(judged.fit.values()[name] - truth) <= errors * max(judged.standard_error[name], least)


# --- what is put in comes out -----------------------------------------------------------------------


def test_a_scanner_that_names_all_it_hears_gives_every_term_back():
    judged = calibrate(sample_of(all_heard))
    assert not judged.terms.serving_only
    assert judged.fit.rival_dbm is None
    for name, truth in [
        ("horizontal weight", TRUTH["horizontal"]),
        ("vertical weight", TRUTH["vertical"]),
        ("slope", 0.0),
    ]:
        assert within(judged, name, truth)
    assert judged.fit.clutter_db["dense"] - judged.fit.clutter_db["low"] == pytest.approx(10.0, abs=0.5)
    assert judged.sigma_db["n41"] == pytest.approx(8.0, abs=0.5)


def test_a_slope_that_is_there_is_found():
    judged = calibrate(sample_of(all_heard, slope=-5.0))
    assert within(judged, "slope", -5.0)


def test_a_list_cut_at_the_strongest_does_not_bend_the_slope():
    """The plain regression on the same points misses the slope by more than 10 dB a decade."""
    sample = sample_of(six_strongest)
    assert names_strongest_only(sample)
    judged = calibrate(sample)
    plain = np.polyfit(np.log10(sample.distance_m), sample.rsrp_dbm - sample.model_dbm, 1)[0]
    assert plain > 10.0
    assert abs(judged.fit.slope_db_per_decade) < 4.0


def test_serving_cells_never_move_the_slope():
    judged = calibrate(sample_of(serving))
    assert judged.terms.serving_only
    assert not judged.terms.slope
    assert judged.fit.slope_db_per_decade == 0.0


def test_serving_cells_read_more_than_the_median_and_the_fit_knows_it():
    """The offset alone would be too high by the luck of the points that are still served."""
    sample = sample_of(serving)
    judged = calibrate(sample)
    truth = TRUTH["offset"]
    plain = np.median(
        sample.rsrp_dbm
        - (
            sample.base_dbm
            - np.minimum(
                TRUTH["horizontal"] * sample.horizontal_db + TRUTH["vertical"] * sample.vertical_db, 30.0
            )
        )
    )
    assert plain - truth > 3.0
    assert abs(judged.fit.offset_db["n41"] - truth) < 0.6 * (plain - truth)
    assert within(judged, "horizontal weight", TRUTH["horizontal"])


def test_diffraction_is_weighed():
    judged = calibrate(sample_of(all_heard, diffraction=0.6))
    assert judged.terms.diffraction
    assert within(judged, "diffraction weight", 0.6, least=0.02)


def test_a_calibrated_model_beats_one_offset_on_sites_left_out():
    errors = calibrate(sample_of(serving)).errors.set_index("model")["rmse_db"]
    assert errors["calibrated"] < errors["offset_per_band"] - 1.5
    assert errors["calibrated"] < errors["uncalibrated"]


def test_outliers_hardly_move_the_fit():
    sample = sample_of(all_heard)
    wild = sample.rsrp_dbm.copy()
    wild[::50] = -140.0
    spoilt = dataclasses.replace(sample, rsrp_dbm=wild)
    terms = terms_of(sample)
    clean, dirty = (fit_terms(each, terms).offset_db["n41"] for each in (sample, spoilt))
    assert abs(clean - dirty) < 1.0


# --- judged fairly ----------------------------------------------------------------------------------


def test_a_site_never_helps_to_predict_itself():
    """Moving one site's readings by 30 dB leaves its own predictions where they were."""
    sample = sample_of(serving, sites=9, points=900)
    mine = sample.site == "S004"
    moved = dataclasses.replace(sample, rsrp_dbm=np.where(mine, sample.rsrp_dbm + 30.0, sample.rsrp_dbm))
    first, second = calibrate(sample), calibrate(moved)
    for model in ("uncalibrated", "offset_per_band", "calibrated"):
        np.testing.assert_allclose(first.predicted[model][mine], second.predicted[model][mine], atol=1e-9)


def test_the_same_sample_gives_the_same_fit():
    sample = sample_of(serving, sites=9, points=900)
    assert calibrate(sample, seed=4).fit == calibrate(sample, seed=4).fit


def test_errors_are_of_all_points_and_add_up():
    judged = calibrate(sample_of(serving, sites=9, points=900))
    row = judged.errors.set_index("model").loc["calibrated"]
    miss = judged.predicted["calibrated"] - judged.sample.rsrp_dbm
    assert row["rmse_db"] == pytest.approx(np.sqrt(np.mean(miss**2)))
    assert judged.by_site["points"].sum() == len(judged.sample) == row["points"]
    assert not np.isnan(miss).any()


def test_thinning_keeps_every_site():
    sample = sample_of(serving)
    few = thinned(sample, 5, 10_000, seed=0)
    assert set(few.site) == set(sample.site)
    assert pd.Series(few.site).value_counts().max() <= 5


@pytest.mark.parametrize(("sites", "points"), [(1, 400), (9, 60)], ids=["one site", "60 points"])
def test_too_little_data_is_refused_with_the_numbers(sites, points):
    with pytest.raises(TooLittleDataError) as refused:
        calibrate(sample_of(serving, sites=sites, points=points))
    given = refused.value.values
    assert (given["sites"], given["points"]) == (sites, points)
    assert "至少需要 2 个站址、100 个点" in error_text(refused.value, "zh")


def test_terms_without_enough_sites_are_not_fitted():
    terms = terms_of(sample_of(all_heard, sites=3, points=3000))
    assert not terms.pattern
    assert not terms.slope


# --- selection --------------------------------------------------------------------------------------


def test_the_gain_of_being_selected_is_the_mean_of_a_truncated_draw():
    rng = np.random.default_rng(0)
    shadow, rival = rng.normal(0, 8.0, 400_000), rng.normal(-100.0, 6.0, 400_000)
    for median in (-85.0, -100.0, -115.0):
        kept = shadow[median + shadow > rival]
        found = float(selection_gain_db(np.array([median]), -100.0, 8.0)[0])
        assert found == pytest.approx(kept.mean(), abs=0.15)


def test_the_gain_falls_as_the_median_rises_and_is_never_negative():
    gain = selection_gain_db(np.linspace(-160, -40, 241), -100.0, 8.0)
    assert (np.diff(gain) <= 1e-12).all()
    assert (gain >= 0.0).all()


# --- through the door -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return write_project(tmp_path_factory.mktemp("calibrated"))


def measured(folder, table, **more):
    file = folder / "drive.csv"
    table.to_csv(file, index=False)
    config = load_config(folder)
    config = config.model_copy(
        update={"coverage": config.coverage.model_copy(update={"propagation": "empirical"})}
    )
    inputs = pipeline.load(folder, config)
    return pipeline.measured(folder, inputs, config, Input(path=str(file)), **more)


@pytest.mark.parametrize("columns", [("station_id",), ("site_id", "band")], ids=["station", "site and band"])
def test_an_offset_comes_back_through_the_files(project, columns):
    judged, _, left = measured(project, simulated_drive(project, -7.0, columns), serving_only=False)
    assert judged.fit.offset_db
    for band, offset in judged.fit.offset_db.items():
        assert offset == pytest.approx(-7.0, abs=2.5), band
    assert "measured_unknown" not in left


def test_rows_that_match_nothing_are_listed(project):
    table = simulated_drive(project)
    table.loc[3, "station_id"] = "NOBODY"
    table.loc[5, "RSRP"] = -300.0
    _, found, left = measured(project, table, serving_only=False)
    rejected = {(fault.problem, fault.row) for fault in found.faults if fault.severity == "rejected"}
    assert {("measured_unknown", 5), ("out_of_range", 7)} <= rejected
    assert left["measured_unknown"] == 1
    assert found.read == len(table)


def test_a_file_that_names_no_station_is_refused(project):
    with pytest.raises(InputFaults) as refused:
        measured(project, simulated_drive(project)[["RSRP", "经度", "纬度"]])
    assert [fault.problem for fault in refused.value.faults] == ["measured_nothing"]
    assert "no column of station ids" in error_text(refused.value, "en")


def test_a_project_without_stations_is_refused(project, tmp_path):
    folder = write_project(tmp_path / "bare", {"inputs.stations": None})
    with pytest.raises(InputFaults) as refused:
        measured(folder, simulated_drive(project))
    assert [fault.problem for fault in refused.value.faults] == ["no_stations_to_match"]
    assert "no stations" in error_text(refused.value, "en")


def test_applying_the_fit_moves_the_model_by_it(project):
    """RSRP of the calibrated project is the uncalibrated one plus the offset, and its map says so."""
    config = load_config(project)
    band = config.bands[0].id
    data = {
        "schema": "siteplan-calibration/1",
        "propagation": "empirical",
        "bands": {band: {"offset_db": -7.0}},
    }
    fitted = with_calibration(config, data)
    class_id, height = config.area_classes[0].id, 35.0
    before, after = (
        LinkBudgets(each, "empirical").radial(band, class_id, height).rsrp_dbm for each in (config, fitted)
    )
    np.testing.assert_allclose(after, before - 7.0)


def test_a_fit_says_what_it_is():
    fit = Fit({"n41": -3.0}, clutter_db={"trees": 2.0})
    assert fit.values()["offset n41"] == -3.0
    assert fit.values()["clutter trees"] == 2.0


# --- the parts put together are the model of the maps -----------------------------------------------


def points_around(east, north, count=200, seed=0):
    rng = np.random.default_rng(seed)
    return WEST + east + rng.uniform(-2_000, 2_000, count), SOUTH + north + rng.uniform(-2_000, 2_000, count)


@pytest.mark.parametrize("name", ["empirical", "terrain"])
def test_the_sample_of_a_sectored_mast_is_the_model_itself(project, name):
    config = load_config(project)
    config = config.model_copy(update={"coverage": config.coverage.model_copy(update={"propagation": name})})
    inputs = pipeline.load(project, config)
    propagation = pipeline.propagation_for(inputs, config, pipeline.services_of(config))
    stations = on_air(inputs.stations, config).assign(azimuth_deg="20/140/260", downtilt_deg="4/5/6")
    row = stations.iloc[0]
    x, y = points_around(row.geometry.x - WEST, row.geometry.y - SOUTH)
    points = gpd.GeoDataFrame(
        {
            "rsrp_dbm": -90.0,
            "site_id": row.site_id,
            "band": row.band,
            "station_id": row.station_id,
            "clutter": "",
            "place": np.arange(len(x)),
            "row": np.arange(len(x)),
        },
        geometry=gpd.points_from_xy(x, y),
        crs=stations.crs,
    )
    sample, _ = build_sample(points, stations, propagation, config)
    assert len(sample) > 100
    masts, _ = masts_of(stations[stations["station_id"] == row.station_id], config, propagation)
    mast = masts[0]
    services, probability = propagation.at(mast, sample.easting_m, sample.northing_m)
    need = propagation.budgets.threshold_dbm(config.layers[0], row.band, mast.area_class)
    expected = ndtr((sample.model_dbm - need) / sample.sigma_db)
    expected[expected < config.coverage.probability_floor] = 0.0
    assert services[0] == 0
    np.testing.assert_allclose(probability[0], expected, atol=2e-3)


def test_points_of_a_mast_no_formula_holds_for_are_listed_not_modelled(project):
    config = load_config(project)
    config = config.model_copy(
        update={"coverage": config.coverage.model_copy(update={"propagation": "empirical"})}
    )
    inputs = pipeline.load(project, config)
    propagation = pipeline.propagation_for(inputs, config, pipeline.services_of(config))
    stations = on_air(inputs.stations, config).iloc[:1].assign(antenna_height_m=4.0)
    row = stations.iloc[0]
    x, y = points_around(row.geometry.x - WEST, row.geometry.y - SOUTH, count=7)
    points = gpd.GeoDataFrame(
        {
            "rsrp_dbm": -90.0,
            "site_id": row.site_id,
            "band": row.band,
            "station_id": row.station_id,
            "clutter": "",
            "place": np.arange(7),
            "row": np.arange(7),
        },
        geometry=gpd.points_from_xy(x, y),
        crs=stations.crs,
    )
    sample, left = build_sample(points, stations, propagation, config)
    assert len(sample) == 0
    assert left["reason"].tolist() == ["no_formula"] * 7
