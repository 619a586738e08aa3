"""The shared map: one file, no network, nothing in a table can become markup."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from shapely.geometry import Point, box

from siteplan.config import parse_config
from siteplan.errors import SiteplanError
from siteplan.grid import Grid, Raster
from siteplan.outputs.webmap import map_html
from siteplan.outputs.webmap.assets import asset_bytes, asset_table, inline_assets
from siteplan.outputs.webmap.encode import to_json
from siteplan.outputs.webmap.page import CONTENT_POLICY
from siteplan.outputs.webmap.rasters import coverage_picture
from siteplan.proposal import Proposal

CRS = "EPSG:4547"
WEST, NORTH = 450_000.0, 2_750_000.0
# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")

HOSTILE = (
    "</script><img src=x onerror=alert(1)>",
    '"><svg/onload=alert(1)>',
    "\u202e右向左\u200f",
    "长" * 10_000,
    "{{ 7*7 }}{% raise %}__siteplan:villages__",
    "行\u2028段\u2029'\\`${1}",
)
MODEL = {"formula": "rma_nlos"}


def config(**project: Any) -> Any:
    networks = [{"id": "CMCC-CBN", "name": "移动广电"}, {"id": "CT-CU", "name": "电信联通"}]
    bands = [
        {
            "id": key, "network": network, "name": name, "frequency_mhz": 800,
            "classes": {"rural": {"models": [MODEL], "eirp_per_re_dbm": 35.0}},
        }
        for key, network, name in (("n28", "CMCC-CBN", "700M"), ("n1", "CT-CU", "2.1G"))
    ]  # fmt: skip
    return parse_config(
        {
            "schema": "siteplan-project/1",
            "project": {
                "city": "试验市", "crs": CRS, "reference_date": "2023-06-30", "year": 2023,
                "synthetic": "全部为合成数据", "attribution": "界线 https://example.org CC BY",
                **project,
            },
            "inputs": {"counties": {"path": "counties.gpkg"}},
            "networks": networks,
            "bands": bands,
            "area_classes": [{"id": "rural", "name": "农村"}],
            "layers": [
                {"id": "L1", "name": "基本覆盖（任一网络）", "threshold_dbm": -105},
                {"id": "L2", "name": "基本覆盖（每个网络）", "threshold_dbm": -105, "scope": "each"},
            ],
        }
    )  # fmt: skip


def points(rng: np.random.Generator, n: int, size: float, **columns: Any) -> gpd.GeoDataFrame:
    x, y = WEST + rng.random(n) * size, NORTH - rng.random(n) * size
    geometry = gpd.GeoSeries([Point(*xy) for xy in zip(x, y, strict=True)], crs=CRS)
    degrees = geometry.to_crs("EPSG:4326")
    frame = pd.DataFrame(columns, index=range(n))
    frame["longitude"], frame["latitude"] = degrees.x.to_numpy(), degrees.y.to_numpy()
    return gpd.GeoDataFrame(frame, geometry=geometry, crs=CRS)


def ids(prefix: str, n: int) -> list[str]:
    return [f"{prefix}{i:04d}" for i in range(1, n + 1)]


def pick(rng: np.random.Generator, values: list[Any], n: int) -> list[Any]:
    return [values[i] for i in rng.integers(0, len(values), n)]


def smooth(rng: np.random.Generator, pixels: int) -> np.ndarray[Any, Any]:
    """Hills: a few random waves, about 0 to 1."""
    y, x = np.mgrid[0:pixels, 0:pixels] / pixels
    waves = rng.uniform(-1, 1, (8, 3)) * [25, 25, np.pi]
    return 0.5 + 0.5 * np.mean([np.sin(a * x + b * y + c) for a, b, c in waves], axis=0) * 2


def proposed_table(rng: np.random.Generator, n: int, size: float, names: list[str]) -> gpd.GeoDataFrame:
    table = points(
        rng, n, size, rank=np.arange(1, n + 1), candidate_id=ids("C", n), name=names[:n],
        county=pick(rng, ["甲县", "乙县"], n), town=pick(rng, ["东镇", "西镇"], n), village="五里村",
        rung=pick(rng, list("12345"), n), source_id="", stations=2, antenna_height_m=35.0,
        ground_m=212.0, gain=np.linspace(900, 10, n), people_newly_covered=np.arange(n, 0, -1) * 7,
        villages_newly_covered=1, cell_radius_m=1500.0, search_radius_m=400.0, due_date="", restriction="", cost=np.nan,
        power_distance_m=np.nan, backhaul_distance_m=np.nan, success_probability=np.nan,
        status="PROPOSED",
        reason=[f"理由{i}：新增覆盖居民{i * 7}人{names[i][:40]}" for i in range(n)],
    )  # fmt: skip
    table["networks"] = [("CMCC-CBN", "CT-CU")] * n
    table["bands"] = [("n28", "n1")] * n
    table["gain_by_layer"] = [{"L1": 120.5, "L2": 33.0}] * n
    table["alternates"] = [("D0001", "D0002")] * n
    table["villages_newly_covered_names"] = [("五里村",)] * n
    table["longitude_gcj02"] = table["longitude"] + 0.005
    table["latitude_gcj02"] = table["latitude"] - 0.003
    return table


def village_table(rng: np.random.Generator, n: int, size: float, names: list[str]) -> gpd.GeoDataFrame:
    return points(
        rng, n, size, village_id=ids("V", n), village=names[:n], town=pick(rng, ["东镇", "西镇"], n),
        county="甲县", people=rng.integers(100, 4000, n), share_before=rng.random(n),
        share_after=1.0, networks_before=1, networks_after=2,
        state=["covered" if i % 5 else ("newly" if i % 10 else "uncovered") for i in range(n)],
    )  # fmt: skip


def draw_proposal(sizes: dict[str, int], *, pixels: int = 60, **project: Any) -> Proposal:
    """A proposal of the given row counts with hostile names among them."""
    rng = np.random.default_rng(5)
    grid = Grid(CRS, WEST, NORTH, 100.0, pixels, pixels)
    size = pixels * 100.0
    hills = smooth(rng, pixels)
    before = np.clip(1.4 - 1.6 * hills, 0, 1).astype(np.float32)
    before[:, : pixels // 20] = np.nan
    names = [*HOSTILE, *(f"测试点{i}" for i in range(max(sizes.values())))]
    half = WEST + size / 2
    counties = gpd.GeoDataFrame(
        {"county_id": ["1", "2"], "county": ["甲县", HOSTILE[0]]},
        geometry=[box(WEST, NORTH - size, half, NORTH), box(half, NORTH - size, WEST + size, NORTH)],
        crs=CRS,
    )
    n = sizes["gaps"]
    gaps = points(
        rng, n, size, gap_id=ids("G", n), layer="L1", network="", county="甲县", area_km2=0.4, people=12.0
    ).drop(columns=["longitude", "latitude"])
    gaps["geometry"] = gaps.geometry.buffer(300, quad_segs=10)
    n = sizes["others"]
    candidates = points(
        rng, n, size, candidate_id=ids("D", n), rung=pick(rng, list("12345"), n), source_id="",
        name=names[:n], county="甲县", town="东镇", village="",
        status=["EXCLUDED" if i % 3 else "CANDIDATE" for i in range(n)], antenna_height_m=30.0,
        rule=[f"距现网站址 S{i:04d} 仅 {i % 400} m，小于最小站距 500 m" if i % 3 else "" for i in range(n)],
    )  # fmt: skip
    n = sizes["sites"]
    sites = points(
        rng, n, size, site_id=ids("S", n), site_name=names[:n], county="甲县", stations=2,
        antenna_height_m=35.0,
    )  # fmt: skip
    sites["networks"] = pick(rng, [("CMCC-CBN",), ("CT-CU",), ("CMCC-CBN", "CT-CU")], len(sites))
    sites["bands"] = [("n28",)] * len(sites)
    n = sizes["properties"]
    properties = points(rng, n, size, property_id=ids("P", n), property_name=names[:n], kind="学校",
                        owner="", building_height_m=12.0)  # fmt: skip
    frame = pd.DataFrame()
    return Proposal(
        config=config(**project),
        area_name="试验市",
        counties=counties,
        inputs=SimpleNamespace(  # type: ignore[arg-type]
            properties=properties,
            dem=Raster((hills * 1200).astype(np.float32), grid, "dem", "m"),
        ),
        grid=grid,
        coverage_before=Raster(before, grid, "P", "1"),
        coverage_after=Raster(np.clip(before + 0.2, 0, 1).astype(np.float32), grid, "P", "1"),
        coverage_buffer=Raster(np.clip(before + 0.1, 0, 1).astype(np.float32), grid, "P", "1"),
        terrain=frame,
        villages=village_table(rng, sizes["villages"], size, names),
        village_areas=None,
        gaps=gaps,
        sites=sites,
        candidates=candidates,
        proposed=proposed_table(rng, sizes["proposed"], size, names),
        curve=frame, layers=frame, county_table=frame, ledger=frame, radii=frame, faults=(),
        rejected=frame,
        summary={
            "city": "试验市", "year": 2023, "quota": 699, "built": 366, "remaining": 333,
            "selected_stations": 332, "selected_sites": 166, "population_covered_before": 2_700_000,
            "population_covered_after": 2_760_500, "population_total": 2_860_000,
            "villages_covered_before": 1201, "villages_covered_after": 1302, "villages_total": 1468,
            "model": "buffer：TR 38.901 RMa NLOS",
        },
    )  # fmt: skip


SMALL = {"proposed": 30, "villages": 40, "sites": 25, "gaps": 30, "properties": 12, "others": 20}
CITY = {
    "proposed": 250, "villages": 1468, "sites": 2500, "gaps": 3000, "properties": 1107, "others": 4000,
}  # fmt: skip


@pytest.fixture(scope="module")
def proposal() -> Proposal:
    return draw_proposal(SMALL)


@pytest.fixture(scope="module")
def page_text(proposal: Proposal) -> str:
    return map_html(proposal)


# --- without a browser ------------------------------------------------------------------------------


class Attributes(HTMLParser):
    """Every tag of a page with its attributes; the content of scripts is not markup."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_no_address_is_loaded(page_text: str) -> None:
    tags = Attributes(page_text).tags
    assert not [each for each in tags if each[1].keys() & {"src", "href", "srcset", "data"}]
    assert {tag for tag, _ in tags} <= {
        "html", "head", "meta", "title", "style", "script", "body", "noscript", "div",
    }  # fmt: skip
    styles = "".join(re.findall(r"<style>.*?</style>", page_text, re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles
    assert "sourceMappingURL" not in page_text


def test_the_policy_forbids_the_network_before_anything_else(page_text: str) -> None:
    tag = f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">'
    assert page_text.count(tag) == 1
    assert page_text.index(tag) < page_text.index("<script")
    assert CONTENT_POLICY.startswith("default-src 'none'")


def test_the_same_proposal_gives_the_same_bytes(proposal: Proposal, page_text: str) -> None:
    assert map_html(draw_proposal(SMALL)) == page_text
    assert not re.search(r"_[0-9a-f]{32}", page_text)


def test_only_real_script_elements_end(page_text: str) -> None:
    assert page_text.count("</script") == page_text.count("<script")
    assert "<img" not in page_text
    assert "alert(1)>" not in page_text


def test_user_text_never_reaches_the_template_engine(page_text: str) -> None:
    assert "{{ 7*7 }}" in page_text
    assert page_text.count('"key":"villages"') == 1


def test_unknown_asset_is_an_error() -> None:
    with pytest.raises(SiteplanError, match=r"cdn\.example"):
        inline_assets('<script src="https://cdn.example/x.js"></script>')
    with pytest.raises(SiteplanError, match=r"cdn\.example"):
        inline_assets("<link rel='stylesheet' href='//cdn.example/x.css'/>")


@pytest.mark.parametrize("asset", [a for a in asset_table() if a.sha256], ids=lambda a: a.file)
def test_packaged_assets_are_what_the_table_says(asset: Any) -> None:
    assert hashlib.sha256(asset_bytes(asset.file)).hexdigest() == asset.sha256
    assert asset.licence


def test_json_keeps_its_content_through_the_escapes() -> None:
    data = {"names": list(HOSTILE), "missing": [float("nan"), None, np.float32("nan"), pd.NA]}
    text = to_json(data)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == {"names": list(HOSTILE), "missing": [None] * 4}


def test_coverage_lies_where_the_pixels_are() -> None:
    grid = Grid(CRS, WEST, NORTH, 100.0, 40, 30)
    values = np.full(grid.shape, np.nan, np.float32)
    values[5, 7] = 0.9
    picture = coverage_picture(Raster(values, grid, "P", "1"), (0.1, 0.4, 0.75, 0.95))
    corners = gpd.GeoSeries([box(*grid.bounds)], crs=CRS).to_crs("EPSG:4326").total_bounds
    (south, west), (north, east) = picture.bounds
    np.testing.assert_allclose([west, south, east, north], corners, atol=0.002)


def test_words_and_titles_follow_the_language(proposal: Proposal) -> None:
    page = map_html(proposal, lang="en")
    assert '<html lang="en">' in page
    assert "DEMO: contains synthetic data" in page
    assert "<title>试验市: 5G sites proposed for 2023</title>" in page
    assert "the model is not calibrated" in page


def test_a_hostile_city_name_stays_a_name() -> None:
    page = map_html(draw_proposal(SMALL, city=HOSTILE[0]))
    assert page.count("</script") == page.count("<script")
    assert "<img" not in page


def test_without_dem_and_properties_the_page_is_still_a_map(proposal: Proposal) -> None:
    bare = dataclasses.replace(proposal, inputs=SimpleNamespace(properties=None, dem=None))  # type: ignore[arg-type]
    page = map_html(bare)
    assert "image/webp" not in page
    assert '"key":"properties"' not in page


def test_empty_tables_give_empty_layers(proposal: Proposal) -> None:
    tables = ("villages", "gaps", "sites", "candidates", "proposed")
    empty = {name: getattr(proposal, name).iloc[:0] for name in tables}
    page = map_html(dataclasses.replace(proposal, **empty))
    assert page.count('"n":0') == len(tables)


# --- in a browser -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with api.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium, args=flags)
        yield running
        running.close()


class Visit:
    """A page opened from its file, with everything it asked for and complained about."""

    def __init__(self, browser: Any, path: Path, width: int = 1440, height: int = 900) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height})
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("dialog", lambda d: (self.complaints.append("dialog"), d.dismiss()))
        self.page.goto(path.as_uri())
        self.page.wait_for_function("window.siteplan && window.siteplan.ready")

    def own_requests(self) -> list[str]:
        return [url for url in self.requests if not url.startswith("data:")]


@pytest.fixture(scope="module")
def map_file(page_text: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("地图") / "地图.html"
    path.write_text(page_text, encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Any, map_file: Path) -> Iterator[Visit]:
    opened = Visit(browser, map_file)
    yield opened
    opened.context.close()


@pytest.mark.browser
def test_one_file_and_no_request(visit: Visit, map_file: Path) -> None:
    visit.page.wait_for_timeout(500)
    assert visit.own_requests() == [map_file.as_uri()]
    assert visit.complaints == []


@pytest.mark.browser
def test_every_row_is_drawn_and_every_layer_can_be_switched(visit: Visit) -> None:
    assert visit.page.evaluate("siteplan.counts") == SMALL | {"counties": 2}
    drawn = visit.page.evaluate(
        "Object.keys(siteplan.layers).map(k => [k, siteplan.layers[k].group.getLayers().length])"
    )
    assert dict(drawn) == SMALL | {"counties": 4}
    boxes = visit.page.locator(".sp-layers input[type=checkbox]")
    values = {each.get_attribute("value") for each in boxes.all()}
    assert values == {*SMALL, "counties", "relief"}
    for each in boxes.all():
        each.click()
        each.click()
    radios = visit.page.locator(".sp-layers input[type=radio]")
    assert [r.get_attribute("value") for r in radios.all()] == [
        "coverage_before", "coverage_after", "coverage_terrain", "coverage_off",
    ]  # fmt: skip
    radios.nth(2).check()
    assert visit.page.locator("img.sp-coverage_terrain").count() == 1
    assert visit.page.get_by_text("仅平地缓冲区达标，被地形遮挡").is_visible()
    assert visit.page.get_by_text("40%–75%").count() == 1
    assert not visit.page.get_by_text("40%–75%").is_visible()
    radios.nth(0).check()
    assert visit.page.locator("img.sp-coverage_before").count() == 1
    assert visit.page.locator("img.sp-coverage_after").count() == 0
    assert visit.complaints == []


@pytest.mark.browser
def test_a_ranked_row_opens_its_reason_and_its_ring(visit: Visit, proposal: Proposal) -> None:
    rows = visit.page.locator(".sp-list .sp-row")
    assert rows.count() == len(proposal.proposed)
    rows.nth(6).click()
    popup = visit.page.locator(".sp-popup")
    text = popup.inner_text()
    row = proposal.proposed.iloc[6]
    assert row["reason"] in text
    assert row["candidate_id"] in text
    assert "移动广电" in text
    assert popup.locator("button.sp-link").count() == 2
    popup.locator("button.sp-link").first.click()
    assert "D0001" in visit.page.locator(".sp-popup").last.inner_text()
    assert visit.page.locator("input[value=others]").is_checked()


@pytest.mark.browser
def test_a_click_on_the_map_opens_the_candidate_under_it(visit: Visit, proposal: Proposal) -> None:
    row = proposal.proposed.iloc[8]
    at = visit.page.evaluate(
        """([lat, lon]) => { const map = siteplan.map; map.setView([lat, lon], 16, {animate: false});
        const p = map.latLngToContainerPoint([lat, lon]);
        const r = map.getContainer().getBoundingClientRect(); return [p.x + r.x, p.y + r.y]; }""",
        [row["latitude"], row["longitude"]],
    )
    visit.page.mouse.click(*at)
    assert row["reason"] in visit.page.locator(".sp-popup").inner_text()


@pytest.mark.browser
def test_hostile_names_stay_text(visit: Visit, proposal: Proposal) -> None:
    for number in range(len(HOSTILE)):
        visit.page.locator(".sp-list .sp-row").nth(number).click()
        heading = visit.page.locator(".sp-popup h3 bdi").last
        assert heading.text_content() == proposal.proposed["name"].iloc[number]
    assert visit.page.locator(".sp-popup img, .sp-popup svg, .sp-list img, .sp-county img").count() == 0
    assert visit.complaints == []


@pytest.mark.browser
def test_search_finds_ids_names_and_towns(visit: Visit) -> None:
    search = visit.page.locator(".sp-search input")
    for query in ("c0012", "测试点3", "东镇", "<img"):
        search.fill(query)
        assert visit.page.locator(".sp-list .sp-row").count() > 0, query
    search.fill("没有这个")
    assert visit.page.locator(".sp-list .sp-row").count() == 0


@pytest.mark.browser
def test_the_picture_is_not_blank_and_fits_a_phone(browser: Any, map_file: Path) -> None:
    visit = Visit(browser, map_file, 360, 740)
    shot = map_file.with_name("phone.png")
    visit.page.wait_for_timeout(300)
    visit.page.screenshot(path=shot)
    assert np.asarray(Image.open(shot).convert("L")).std() > 15
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not visit.page.locator(".sp-list").is_visible()
    visit.page.locator(".sp-plan .sp-toggle").click()
    visit.page.locator(".sp-list .sp-row").nth(7).click()
    box = visit.page.locator(".leaflet-popup").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 360
    assert not visit.page.locator(".sp-list").is_visible()
    assert visit.complaints == []
    visit.context.close()


@pytest.mark.browser
def test_a_city_stays_inside_its_budget(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "city.html"
    path.write_text(map_html(draw_proposal(CITY, pixels=1900)), encoding="utf-8")
    assert path.stat().st_size <= 6_000_000
    visit = Visit(browser, path)
    assert visit.page.evaluate("siteplan.counts") == CITY | {"counties": 2}
    assert visit.complaints == []
    visit.context.close()
