"""Report and map of a calibration, read as a person or an attacker would. Every sample is simulated."""

import csv
import dataclasses
import io
import tomllib

import numpy as np
import pytest
from worlds.measured_world import sample_of, serving, six_strongest
from worlds.two_counties import SOUTH, WEST, write_project

from siteplan.calibration import calibrate
from siteplan.outputs.calibration import (
    calibration_data,
    calibration_toml,
    points_csv,
    sites_csv,
    write_calibration,
)
from siteplan.outputs.calibration_facts import Facts, unfitted
from siteplan.outputs.pages.calibration import report_html
from siteplan.outputs.pictures.plots import MOST_DRAWN, drawn, residual_plots
from siteplan.outputs.webmap.residuals import residual_map
from siteplan.outputs.wording import text_of
from siteplan.project.project_file import load_config, with_calibration

SIMULATED = "模拟数据 / simulated"
FACTS = Facts("路<测>.csv", "ab" * 32, 900, 880, {"too_near": 20}, "empirical", "", "2026-01-31", SIMULATED)
HOSTILE = "=1</script><img src=x onerror=alert(1)>{{7*7}}{% raise %}`${1}`__siteplan:dots__"
BAND = '频段 $x_{"'


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    return load_config(write_project(tmp_path_factory.mktemp("pages")))


@pytest.fixture(scope="module")
def judged():
    """A simulated city with a site, a band and a kind of clutter of hostile names."""
    sample = sample_of(serving, sites=9, points=900)
    site = np.where(sample.site == "S003", HOSTILE, sample.site).astype(object)
    band = np.where(np.arange(len(sample)) % 2 == 0, "n41", BAND).astype(object)
    kind = np.where(sample.clutter == "dense", "town", f"file:{HOSTILE}").astype(object)
    return calibrate(
        dataclasses.replace(
            sample,
            site=site,
            band=band,
            clutter=kind,
            easting_m=sample.easting_m + WEST,
            northing_m=sample.northing_m + SOUTH,
        )
    )


@pytest.fixture(scope="module")
def places(judged):
    sample = judged.sample
    return {
        s: (sample.easting_m[sample.site == s].mean(), sample.northing_m[sample.site == s].mean())
        for s in set(sample.site)
    }


def rows_of(content):
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# --- the file to apply ------------------------------------------------------------------------------


def test_any_text_comes_back_from_toml():
    odd = {"text": '\\ " \x00 \x7f \u2028 \U000e0001 𠀀 东', '\\ " \x00': {"a.b": 1.5}}
    assert tomllib.loads(calibration_toml(odd, "zh")) == odd
    assert tomllib.loads(calibration_toml({"name": "a\udc80b"}, "zh")) == {"name": "a\ufffdb"}


def test_the_file_says_how_to_apply_it_and_when_not_to(judged, config):
    for lang, warning in (("zh", "不建议应用"), ("en", "do not apply it")):
        data = calibration_data(judged, config, FACTS, lang)
        text = calibration_toml(data, lang)
        assert 'calibration = "calibration.toml"' in text
        assert warning not in text
        data["evidence"]["worth_applying"] = False
        assert warning in calibration_toml(data, lang)


def test_every_term_is_fitted_or_says_why_not(judged, config):
    names = " ".join(name for name, _ in unfitted(judged))
    assert "slope" in names
    assert "sigma" in names
    assert "offset" not in names
    data = calibration_data(judged, config, FACTS, "en")
    assert "serving cells only" in data["evidence"]["not_fitted"]["slope"]
    read_back = tomllib.loads(calibration_toml(data, "en"))
    assert read_back["evidence"]["not_fitted"] == data["evidence"]["not_fitted"]


def test_a_poor_sample_says_what_is_missing_and_still_applies(config):
    sample = sample_of(serving, sites=4, points=400)
    count = len(sample)
    words = {"band": np.full(count, config.bands[0].id, dtype=object), "cap_db": np.full(count, np.inf)}
    poor = calibrate(dataclasses.replace(sample, **words))
    why = {name: text_of(reason, "en") for name, reason in unfitted(poor)}
    assert why["horizontal weight, vertical weight"].startswith("the stations give no azimuths")
    assert "4 sites" in why["clutter dense"]
    assert "0 points at 0 sites" in why["diffraction weight"]
    data = calibration_data(poor, config, FACTS, "en")
    assert (
        with_calibration(config, tomllib.loads(calibration_toml(data, "en"))).fitted.horizontal_weight == 1.0
    )


def test_what_maps_leave_out_is_told_in_decibels(judged, config):
    evidence = calibration_data(judged, config, FACTS, "zh")["evidence"]
    ((name, value),) = evidence["local_clutter_db"].items()
    share = (judged.sample.clutter == name).mean()
    assert evidence["local_clutter_mean_db"] == pytest.approx(value * share, abs=2e-3)


# --- tables -----------------------------------------------------------------------------------------


def test_tables_hold_the_judged_values_inert_and_labelled(judged, config):
    points, sites = rows_of(points_csv(judged, config, SIMULATED)), rows_of(sites_csv(judged, SIMULATED))
    for name, values in judged.predicted.items():
        np.testing.assert_allclose([float(row[f"{name}_dbm"]) for row in points], values, atol=0.006)
    np.testing.assert_allclose(
        [float(row["bias_calibrated"]) for row in sites], judged.by_site["bias_calibrated"], atol=6e-4
    )
    assert {row["synthetic"] for row in points + sites} == {SIMULATED}
    assert "'" + HOSTILE in {row["site"] for row in sites}
    assert not [row for row in points + sites if row["site"].startswith("=")]


def test_nothing_is_called_synthetic_that_is_not(judged, config):
    assert "synthetic" not in rows_of(points_csv(judged, config))[0]
    real = dataclasses.replace(FACTS, synthetic="")
    assert SIMULATED not in report_html(judged, real, b"", "zh")
    assert 'class="warn"' not in residual_map(judged, config, real, "zh")


# --- pictures ---------------------------------------------------------------------------------------


def test_plots_are_drawn_for_any_name_and_without_a_warning(judged):
    first = residual_plots(judged, SIMULATED)
    assert first.startswith(b"\x89PNG")
    assert first == residual_plots(judged, SIMULATED)
    assert first != residual_plots(judged)


def test_a_draw_is_even_rising_and_the_same():
    shown = drawn(100_000)
    assert len(shown) == MOST_DRAWN
    assert (np.diff(shown) > 0).all()
    np.testing.assert_array_equal(shown, drawn(100_000))
    assert abs(shown.mean() - 50_000) < 2_000


# --- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "said", "not_said"),
    [
        ("zh", ("未拟合的项及原因", "离站太近 20", "预测 − 实测"), ("What was not fitted", "too near")),
        (
            "en",
            ("What was not fitted, and why", "too near to the mast 20", "predicted − measured"),
            ("未拟合",),
        ),
    ],
)
def test_the_report_speaks_one_language(judged, lang, said, not_said):
    page = report_html(judged, FACTS, b"", lang)
    assert all(text in page for text in said)
    assert not any(text in page for text in not_said)
    assert HOSTILE not in page
    assert "offset n41<" not in page  # terms in words, not in names of fields


def test_only_serving_cells_are_called_serving_cells():
    several = calibrate(sample_of(six_strongest, sites=9, points=300))
    page = report_html(several, FACTS, b"", "en")
    assert "calibrated reading of the serving cell" not in page
    assert "several cells a place" in page


def test_the_map_shows_the_sites_it_is_told(judged, config, places):
    assert '"masts":[]' in residual_map(judged, config, FACTS, "zh")
    page = residual_map(judged, config, FACTS, "en", places)
    assert '"masts":[[' in page
    assert HOSTILE not in page
    assert "Map of residuals" in page


@pytest.fixture(params=["zh", "en"])
def folder(judged, config, places, tmp_path, request):
    write_calibration(judged, config, FACTS, tmp_path, request.param, places)
    return tmp_path


@pytest.mark.browser
def test_pages_ask_for_nothing_and_complain_of_nothing(browser, folder, judged):
    for name in ("calibration_report.html", "residual_map.html"):
        context = browser.new_context(viewport={"width": 1000, "height": 700})
        page, asked, complaints = context.new_page(), [], []
        page.on("request", lambda r, asked=asked: asked.append(r.url))
        page.on("console", lambda m, complaints=complaints: complaints.append(m.text))
        page.on("pageerror", lambda e, complaints=complaints: complaints.append(str(e)))
        page.on("dialog", lambda d, complaints=complaints: (complaints.append("dialog"), d.dismiss()))
        address = (folder / name).as_uri()
        page.goto(address)
        page.wait_for_timeout(300)
        assert [url for url in asked if not url.startswith("data:")] == [address]
        assert complaints == []
        if name.startswith("residual"):
            assert page.evaluate("residualMap.points") == len(judged.sample)
            assert page.evaluate("residualMap.masts") == len(judged.by_site)
            page.evaluate(
                """name => { let open = false; residualMap.map.eachLayer(layer => {
                  if (open || !layer.getPopup || !layer.getPopup()) return;
                  const node = layer.getPopup()._content(layer);
                  if (node.textContent.startsWith(name)) { open = true; layer.openPopup(); } }); }""",
                HOSTILE,
            )
            popup = page.locator(".leaflet-popup-content")
            assert HOSTILE in popup.inner_text()
            assert popup.locator("img, script, b").count() == 0
            assert complaints == []
        context.close()
