"""The shared map in headless Chromium: what is drawn, what it answers, what it lets go of."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from worlds.webmap_world import CITY, HOSTILE, SMALL, draw_proposal

from siteplan.inputs.places.datum import gcj02_from_wgs84
from siteplan.outputs.audience import audience_of
from siteplan.outputs.webmap import map_html
from siteplan.planning.proposal import Proposal
from siteplan.project.outputs import Audience
from siteplan.project.statuses import RETURN_COLUMNS

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


class Visit:
    """A page opened from its file, with everything it asked for and complained about."""

    def __init__(
        self, browser: Any, path: Path, width: int = 1440, height: int = 900, hash_: str = ""
    ) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.complaints.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))
        self.page.on("dialog", lambda d: (self.complaints.append("dialog"), d.dismiss()))
        self.open(path, hash_)

    def open(self, path: Path, hash_: str = "") -> None:
        self.page.goto(path.as_uri() + hash_)
        self.wait()

    def wait(self) -> None:
        """Until the page is ready; the page's policy forbids what Playwright's own waiting would run."""
        for _ in range(400):
            if self.page.evaluate("Boolean(window.siteplan && window.siteplan.settled)"):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("the page does not get ready")

    def own_requests(self) -> list[str]:
        return [url for url in self.requests if not url.startswith(("data:", "blob:"))]

    def script(self, text: str, *arguments: Any) -> Any:
        return self.page.evaluate(text, *arguments)

    def open_section(self, key: str) -> None:
        self.page.locator(f".sp-section-{key} summary").click()

    def popup(self) -> Any:
        return self.page.locator(".sp-popup").last

    def says(self, text: str) -> bool:
        """Whether the popup says something, within two seconds."""
        for _ in range(40):
            if self.popup().count() and text in self.popup().inner_text():
                return True
            self.page.wait_for_timeout(50)
        return False

    def shot(self, path: Path) -> np.ndarray[Any, Any]:
        self.page.wait_for_timeout(200)
        self.page.screenshot(path=path)
        return np.asarray(Image.open(path).convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def proposal() -> Proposal:
    return draw_proposal(SMALL)


@pytest.fixture(scope="module")
def map_file(proposal: Proposal, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("地图") / "地图.html"
    path.write_text(map_html(proposal), encoding="utf-8")
    return path


@pytest.fixture
def visit(browser: Any, map_file: Path) -> Iterator[Visit]:
    opened = Visit(browser, map_file)
    yield opened
    assert opened.complaints == []
    opened.context.close()


# --- opening it -----------------------------------------------------------------------------------------


def test_one_file_and_no_request(visit: Visit, map_file: Path) -> None:
    visit.page.wait_for_timeout(500)
    visit.page.mouse.move(700, 450)
    visit.page.mouse.wheel(0, -600)
    visit.page.wait_for_timeout(500)
    assert {url.split("#")[0] for url in visit.own_requests()} == {map_file.as_uri()}


def test_every_row_is_there_and_every_layer_can_be_switched(visit: Visit) -> None:
    assert visit.script("siteplan.counts") == SMALL | {"counties": 2, "zones": 2}
    boxes = visit.page.locator(".sp-layers input[type=checkbox]")
    values = {each.get_attribute("value") for each in boxes.all()}
    assert values == {*SMALL, "counties", "zones", "relief", "base", "swipe"}
    for each in boxes.all():
        each.click()
        each.click()
    radios = visit.page.locator(".sp-layers input[name=coverage]")
    assert [r.get_attribute("value") for r in radios.all()] == [
        "coverage_before",
        "coverage_after",
        "coverage_terrain",
        "coverage_off",
    ]
    radios.nth(2).check()
    assert visit.page.get_by_text("仅平地缓冲区达标，被地形遮挡").is_visible()
    assert not visit.page.get_by_text("40%–75%").is_visible()
    radios.nth(0).check()
    assert visit.page.get_by_text("40%–75%").is_visible()


def test_a_layer_that_is_switched_on_is_painted(visit: Visit, tmp_path: Path) -> None:
    for key in ("zones", "gaps", "others", "properties"):
        before = visit.shot(tmp_path / "before.png")
        visit.page.locator(f"input[value={key}]").click()
        after = visit.shot(tmp_path / "after.png")
        middle = np.abs(after - before)[200:800, 380:1100].sum(axis=2)
        assert (middle > 30).sum() > 30, key


def test_coverage_of_every_step_is_what_the_plan_says(visit: Visit, proposal: Proposal) -> None:
    """At each step a village's pixel reaches the target exactly when the plan has it reached."""
    villages = proposal.effects.villages
    had = villages["state"].eq("covered").to_numpy()
    for step in (0, 1, 7, 15, len(proposal.places.proposed)):
        visit.script("n => siteplan.build(n)", step)
        classes = visit.script(
            "points => points.map(p => siteplan.classAt({lat: p[1], lng: p[0]}).now)",
            villages[["longitude", "latitude"]].to_numpy().tolist(),
        )
        rank = villages["reached_rank"].to_numpy()
        expected = had | ((rank > 0) & (rank <= step))
        # a picture pixel at the edge of a pixel of the plan may show its neighbour
        assert (np.array(classes) >= 4).tolist().count(True) == pytest.approx(expected.sum(), abs=2)
        assert ((np.array(classes) >= 4) == expected).mean() > 0.94


def test_names_do_not_collide_with_each_other_or_with_ranks(visit: Visit) -> None:
    boxes = visit.script(
        """() => {
        const ranks = [], names = [], draw = siteplan.draw, write = draw.writeName, add = draw.Taken.prototype.add;
        let writing = false;
        draw.Taken.prototype.add = function (box) { (writing ? names : ranks).push(box); add.call(this, box); };
        draw.writeName = function () { writing = true; const done = write.apply(null, arguments); writing = false; return done; };
        siteplan.map.setView(siteplan.map.getCenter(), 13, {animate: false});
        siteplan.sheet.renew();
        draw.Taken.prototype.add = add;
        draw.writeName = write;
        return [names, ranks]; }"""
    )
    names, ranks = (np.array(each) for each in boxes)
    assert len(names) > 10
    assert len(ranks) > 5
    for k, name in enumerate(names):
        others = np.vstack([names[:k], ranks])
        overlaps = (others[:, 0] < name[2]) & (others[:, 2] > name[0])
        overlaps &= (others[:, 1] < name[3]) & (others[:, 3] > name[1])
        assert not overlaps.any()


# --- what it answers --------------------------------------------------------------------------------------


def test_a_ranked_row_opens_its_reason_ring_and_coordinates(visit: Visit, proposal: Proposal) -> None:
    rows = visit.page.locator(".sp-list .sp-row")
    assert rows.count() == len(proposal.places.proposed)
    rows.nth(6).click()
    text = visit.popup().inner_text()
    row = proposal.places.proposed.iloc[6]
    for part in (row["reason"], row["candidate_id"], "移动广电", "基本覆盖（任一网络） 120.5"):
        assert part in text
    assert f"{row['longitude']:.6f}, {row['latitude']:.6f}" in text
    assert f"{row['longitude_gcj02']:.6f}, {row['latitude_gcj02']:.6f}" in text
    degrees = int(row["longitude"])
    assert re.search(rf"{degrees}°\d\d′\d\d\.\d″E \d+°\d\d′\d\d\.\d″N", text)
    link = visit.popup().locator("a")
    assert link.get_attribute("href").startswith("https://uri.amap.com/marker?position=")
    assert link.get_attribute("rel") == "noopener noreferrer"
    visit.popup().locator("dd button.sp-link").first.click()
    assert visit.says("D0001")
    assert visit.page.locator("input[value=others]").is_checked()


def test_a_property_says_whose_it_is(visit: Visit, proposal: Proposal) -> None:
    table = proposal.places.proposed
    row = int(np.flatnonzero(table["source_type"].eq("3") & (table["rank"] <= SMALL["properties"]))[0])
    visit.page.locator(".sp-list .sp-row").nth(row).click()
    assert f"业主联系人{row}" in visit.popup().inner_text()


def test_a_click_on_the_map_opens_the_candidate_under_it(visit: Visit, proposal: Proposal) -> None:
    row = proposal.places.proposed.iloc[8]
    at = visit.script(
        """([lat, lon]) => { const map = siteplan.map; map.setView([lat, lon], 16, {animate: false});
        const p = map.latLngToContainerPoint([lat, lon]);
        const r = map.getContainer().getBoundingClientRect(); return [p.x + r.x, p.y + r.y]; }""",
        [row["latitude"], row["longitude"]],
    )
    visit.page.mouse.click(*at)
    assert visit.says(row["reason"])


def test_a_place_shows_its_own_footprint(visit: Visit, proposal: Proposal, tmp_path: Path) -> None:
    """The pixels that turn violet are about as many as the disc of the plan has square metres."""
    row = proposal.places.proposed.iloc[3]
    for key in ("proposed", "villages", "sites"):
        visit.page.locator(f"input[value={key}]").uncheck()
    visit.page.locator("input[value=coverage_off]").check()
    visit.script("p => siteplan.map.setView(p, 14, {animate: false})", [row["latitude"], row["longitude"]])
    without = visit.shot(tmp_path / "without.png")
    ring = {"lat": row["latitude"], "lng": row["longitude"], "radius": 0, "buffer": 0, "rank": 4}
    visit.script("ring => siteplan.setRing(ring)", ring)
    shown = visit.shot(tmp_path / "with.png")
    changed = (np.abs(shown - without).sum(axis=2) > 40).sum()
    mask = proposal.places.footprints[3][2]
    metres = 156_543.03392 * np.cos(np.radians(row["latitude"])) / 2**14
    assert changed == pytest.approx(mask.sum() * 100.0**2 / metres**2, rel=0.12)


def test_a_village_says_who_serves_it_and_what_would_help(visit: Visit, proposal: Proposal) -> None:
    order = visit.script(
        "[...Array(siteplan.counts.villages).keys()].map(r => siteplan.getter('villages', r)('village'))"
    )
    short = proposal.effects.villages[proposal.effects.villages["state"].eq("uncovered")].iloc[0]
    visit.script("row => siteplan.go('villages', row)", order.index(short["village"]))
    text = visit.popup().inner_text()
    assert "可解决的候选点" in text
    assert "D0001 81%" in text
    newly = proposal.effects.villages[proposal.effects.villages["reached_rank"].gt(0)].iloc[0]
    visit.script("row => siteplan.go('villages', row)", order.index(newly["village"]))
    assert f"新通于第 {newly['reached_rank']} 名建成时" in visit.popup().inner_text()
    visit.popup().get_by_role("button", name="C0001").click()
    assert visit.says(proposal.places.proposed["reason"].iloc[0])


def test_the_slider_counts_along_the_ranks(visit: Visit, proposal: Proposal) -> None:
    have = proposal.record
    slider = visit.page.locator(".sp-build input")
    for step in (0, 1, 12, len(proposal.places.proposed)):
        slider.fill(str(step))
        built = proposal.places.steps[proposal.places.steps["rank"] <= step]
        people = have["population_covered_before"] + built["people"].sum()
        villages = have["villages_covered_before"] + built["villages"].sum()
        text = visit.page.locator(".sp-build-more").inner_text()
        assert f"居民覆盖 {people:,.0f}（{people / have['population_total']:.2%}）" in text
        assert f"通5G行政村 {villages} / {have['villages_total']}" in text
        assert (
            f"先建前 {step} / {len(proposal.places.proposed)}"
            in visit.page.locator(".sp-build-said").inner_text()
        )
        later = visit.page.locator(".sp-list .sp-later")
        visit.page.wait_for_timeout(200)
        assert later.count() == len(proposal.places.proposed) - step
    assert people == have["population_covered_after"]
    assert villages == have["villages_covered_after"]


def test_counties_add_up_at_every_step(visit: Visit, proposal: Proposal) -> None:
    for step in (0, 5, len(proposal.places.proposed)):
        visit.script("n => siteplan.build(n)", step)
        sums = visit.script("siteplan.sums()")
        for name in ("people", "villages", "sites", "stations"):
            assert sum(each[name] for each in sums["counties"]) == pytest.approx(sums["all"][name])
    visit.open_section("by_county")
    rows = visit.page.locator(".sp-counties tbody tr")
    assert rows.count() == 2
    assert rows.nth(1).locator("bdi").text_content() == HOSTILE[0]
    zoom = visit.script("siteplan.map.getZoom()")
    rows.nth(0).locator("button").click()
    assert visit.script("siteplan.map.getZoom()") >= zoom
    assert visit.script("siteplan.state.filters.county") == "甲县"


def test_filters_choose_rows_everywhere(visit: Visit, proposal: Proposal) -> None:
    table = proposal.places.proposed
    visit.open_section("filters")

    def choose(label: str, value: str) -> int:
        visit.page.locator(".sp-filter", has_text=label).locator("select").select_option(value)
        return int(visit.page.locator(".sp-list .sp-row").count())

    assert choose("县区", "甲县") == table["county"].eq("甲县").sum()
    both = table["county"].eq("甲县") & table["town"].eq("东镇")
    assert choose("乡镇", "东镇") == both.sum()
    choose("县区", "")
    source_types = visit.page.locator(".sp-filter", has_text="来源").locator("option").all_inner_texts()
    assert choose("来源", source_types[1]) == table["source_type"].eq("1").sum()
    visit.page.locator(".sp-filters .sp-link").click()
    visit.page.locator(".sp-filter-check input").check()
    assert visit.page.locator(".sp-list .sp-row").count() == table["location_grade"].ne("").sum()
    assert "符合条件 3 / 30" in visit.page.locator(".sp-filter-end").inner_text()
    assert choose("网络", "电信联通") == 3
    visit.page.locator(".sp-filters .sp-link").click()
    assert visit.page.locator(".sp-list .sp-row").count() == len(table)


def test_search_finds_ids_names_towns_and_initials(visit: Visit) -> None:
    search = visit.page.locator(".sp-search input")
    for query in ("c0012", "测试点3", "东镇", "<img", "csd", "dz", "wlc", "S0003", "p0002"):
        search.fill(query)
        assert visit.page.locator(".sp-list .sp-row").count() > 0, query
    for query in ("没有这个", "zzq"):
        search.fill(query)
        assert visit.page.locator(".sp-list .sp-row").count() == 0, query
    visit.page.locator(".sp-search input").fill("")
    visit.page.locator("h1").click()
    visit.page.keyboard.press("/")
    assert visit.script("document.activeElement.type") == "search"


def test_swipe_shows_both_sides(visit: Visit, tmp_path: Path) -> None:
    for key in ("proposed", "villages", "sites"):
        visit.page.locator(f"input[value={key}]").uncheck()
    pictures = {}
    for name, key in (("today", "coverage_before"), ("planned", "coverage_after")):
        visit.page.locator(f"input[value={key}]").check()
        pictures[name] = visit.shot(tmp_path / f"{name}.png")
    visit.page.locator("input[value=swipe]").check()
    bar = visit.page.locator(".sp-swipe")
    box = bar.bounding_box()
    both = visit.shot(tmp_path / "both.png")
    at = int(box["x"]) + 3
    left, right = slice(400, at - 60), slice(at + 60, 1080)
    rows = slice(250, 800)
    assert (both[rows, left] == pictures["today"][rows, left]).mean() > 0.999
    assert (both[rows, right] == pictures["planned"][rows, right]).mean() > 0.999
    assert (pictures["today"][rows, right] != pictures["planned"][rows, right]).mean() > 0.02
    visit.page.mouse.move(at, 500)
    visit.page.mouse.down()
    visit.page.mouse.move(at + 150, 500, steps=4)
    visit.page.mouse.up()
    assert visit.script("siteplan.state.swipe") == pytest.approx((at + 150) / 1440, abs=0.01)
    bar.focus()
    visit.page.keyboard.press("ArrowLeft")
    assert visit.script("siteplan.state.swipe") == pytest.approx((at + 150) / 1440 - 0.02, abs=0.01)


def test_measuring_follows_the_ground(visit: Visit) -> None:
    visit.script("siteplan.map.setView([24.8, 113.55], 13, {animate: false})")
    visit.page.locator(".sp-tool-measure").click()
    box = visit.page.locator(".folium-map").bounding_box()
    x, y = box["x"] + 600, box["y"] + 300
    points = []
    for dx, dy in ((0, 0), (200, 0), (200, 150)):
        visit.page.mouse.click(x + dx, y + dy)
        points.append(visit.script("p => siteplan.map.containerPointToLatLng(p)", [600 + dx, 300 + dy]))
        visit.page.wait_for_timeout(300)
    length = visit.script("siteplan.measured")
    metres = 0.0
    for a, b in itertools.pairwise(points):
        north = (b["lat"] - a["lat"]) * 111_195
        east = (b["lng"] - a["lng"]) * 111_195 * np.cos(np.radians(a["lat"]))
        metres += float(np.hypot(north, east))
    assert length == pytest.approx(metres, rel=2e-3)
    assert re.search(r"[\d.]+ km", visit.page.locator(".sp-length").inner_text())
    visit.page.keyboard.press("Escape")
    assert visit.page.locator(".sp-length").count() == 0


def test_gcj02_in_the_page_is_that_of_the_package(visit: Visit) -> None:
    rng = np.random.default_rng(1)
    longitude, latitude = rng.uniform(75, 133, 200), rng.uniform(18, 53, 200)
    expected = np.column_stack(gcj02_from_wgs84(longitude, latitude))
    have = visit.script(
        "points => points.map(p => siteplan.geo.gcj02(p[0], p[1]))",
        np.column_stack([longitude, latitude]).tolist(),
    )
    np.testing.assert_allclose(have, expected, atol=2e-9)


def test_a_right_click_says_where_it_is(visit: Visit) -> None:
    visit.page.mouse.click(700, 400, button="right")
    text = visit.popup().inner_text()
    assert "此处坐标" in text
    assert "GCJ-02" in text


def test_the_view_travels_in_the_address(visit: Visit, browser: Any, map_file: Path) -> None:
    visit.open_section("filters")
    visit.page.locator(".sp-filter", has_text="乡镇").locator("select").select_option("东镇")
    visit.page.locator(".sp-build input").fill("9")
    visit.page.locator("input[value=gaps]").check()
    visit.page.locator("input[value=swipe]").check()
    visit.page.locator(".sp-list .sp-row").nth(2).click()
    heading = visit.popup().locator("h3 bdi").text_content()
    for _ in range(100):
        if visit.script("location.hash === siteplan.describe()"):
            break
        visit.page.wait_for_timeout(50)
    hash_ = visit.script("location.hash")
    assert "s=proposed" in hash_
    other = Visit(browser, map_file, hash_=hash_)
    assert other.popup().locator("h3 bdi").text_content() == heading
    for text in (
        "siteplan.state.built",
        "siteplan.state.filters",
        "siteplan.state.swipe",
        "siteplan.describe()",
    ):
        assert other.script(text) == visit.script(text), text
    assert other.script("siteplan.layers.gaps.shown")
    assert other.complaints == []
    other.context.close()


@pytest.mark.parametrize(
    "nonsense",
    [
        "#v=a/b/c&n=x&l=&c=__proto__&w=z&s=proposed:99999",
        "#v=9/24/113&s=:&f_county=<b>&n=-5",
        "#v=10/1e300/1e300&s=__proto__:0&n=1.5",
        "#v=10/24.8/113.5&s=constructor:0&c=constructor",
        "#v=10/24.8/113.5&s=proposed:-1&c=search",
        "#v=10/24.8/113.5&s=proposed:0.5",
    ],
)
def test_an_address_that_means_nothing_does_no_harm(browser: Any, map_file: Path, nonsense: str) -> None:
    visit = Visit(browser, map_file, hash_=nonsense)
    assert visit.complaints == []
    assert visit.script("({}).checked === undefined")
    assert visit.script("siteplan.state.coverage") == "coverage_after"
    assert re.match(r"先建前 \d+ / 30", visit.page.locator(".sp-build-said").inner_text())
    visit.context.close()


# --- nothing in a table becomes markup ------------------------------------------------------------------


def test_hostile_names_stay_text(visit: Visit, proposal: Proposal) -> None:
    visit.page.locator("input[value=others]").check()
    for number in range(len(HOSTILE)):
        visit.page.locator(".sp-list .sp-row").nth(number).click()
        heading = visit.page.locator(".sp-popup h3 bdi").last
        assert heading.text_content() == proposal.places.proposed["name"].iloc[number]
    for key in ("villages", "sites", "properties", "others"):
        for row in range(6):
            visit.script("([key, row]) => siteplan.go(key, row)", [key, row])
    visit.open_section("filters")
    visit.open_section("by_county")
    inside = ".sp-popup img, .sp-popup svg, .sp-list img, .sp-list svg, .sp-counties img, .sp-filters img"
    assert visit.page.locator(inside).count() == 0
    assert visit.page.locator("img, svg").count() == 0


# --- the round trip ---------------------------------------------------------------------------------------


def mark(visit: Visit, row: int, status: str, reason: str = "", who: str = "张三") -> str:
    """Fill the form of a ranked row; what the page said."""
    visit.page.locator(".sp-list .sp-row").nth(row).click()
    form = visit.popup().locator("form")
    form.locator("select").select_option(status)
    form.locator(".sp-mark-reason").fill(reason)
    form.locator(".sp-mark-who").fill(who)
    form.locator(".sp-mark-save").click()
    said = form.locator(".sp-mark-said")
    for _ in range(40):
        if said.inner_text():
            break
        visit.page.wait_for_timeout(50)
    return str(said.inner_text())


def exported(visit: Visit, kind: str) -> bytes:
    with visit.page.expect_download() as waiting:
        visit.page.locator(f".sp-export-{kind}").click()
    return Path(waiting.value.path()).read_bytes()


def test_statuses_are_kept_and_come_out_as_a_return_form(
    visit: Visit, proposal: Proposal, map_file: Path
) -> None:
    assert mark(visit, 0, "NEGOTIATING", who="") == "请先填写填报人"
    assert "谈点中" in mark(visit, 0, "NEGOTIATING")
    assert mark(visit, 1, "REFUSED") == "请填写原因"
    reason = '=HYPERLINK("http://x"), 业主,"拒绝"\n二'
    assert "业主拒绝" in mark(visit, 1, "REFUSED", reason.replace("\n", " "))
    assert "业主同意" in mark(visit, 0, "AGREED")
    assert mark(visit, 0, "PROPOSED") == "请填写原因"
    visit.open_section("returns")
    rows = json.loads(exported(visit, "json"))
    assert rows["schema"] == "siteplan-returns/1"
    assert rows["run_id"] == "2023-abcdef012345"
    assert [(r["candidate_id"], r["status"]) for r in rows["returns"]] == [
        ("C0001", "NEGOTIATING"),
        ("C0002", "REFUSED"),
        ("C0001", "AGREED"),
    ]
    assert all(tuple(r) == RETURN_COLUMNS for r in rows["returns"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", rows["returns"][0]["reported_at"])
    raw = exported(visit, "csv")
    assert raw.startswith(b"\xef\xbb\xbf")
    table = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert tuple(table[0]) == RETURN_COLUMNS
    assert table[1]["reason"] == "'" + reason.replace("\n", " ")
    assert float(table[0]["longitude"]) == round(proposal.places.proposed["longitude"].iloc[0], 6)
    visit.open_section("filters")
    visit.page.locator(".sp-filter", has_text="状态").locator("select").select_option("REFUSED")
    assert visit.page.locator(".sp-list .sp-row").count() == 1
    visit.page.locator(".sp-undo").click()
    visit.page.locator(".sp-undo").click()
    assert visit.page.locator(".sp-list .sp-row").count() == 0
    visit.script("rows => siteplan.takeIn(JSON.stringify(rows))", rows)
    assert visit.page.locator(".sp-list .sp-row").count() == 1
    visit.page.reload()
    visit.wait()
    assert visit.script("siteplan.statusOf('C0001')") == "AGREED"
    visit.open_section("returns")
    for _ in range(3):
        visit.page.locator(".sp-undo").click()
    assert visit.script("siteplan.statusOf('C0001')") == "PROPOSED"


def test_a_form_comes_back_whole_and_strange_rows_are_named(visit: Visit, tmp_path: Path) -> None:
    mark(visit, 0, "SIGNED", who="-李四")
    mark(visit, 2, "REFUSED", '@SUM(1), "引号"')
    visit.open_section("returns")
    forms = {"csv": exported(visit, "csv"), "json": exported(visit, "json")}
    before = visit.script("siteplan.asJson()")
    for kind, content in forms.items():
        path = tmp_path / f"回执.{kind}"
        path.write_bytes(content)
        visit.page.locator(".sp-import").set_input_files(path)
        visit.page.get_by_text("导入 0 条；2 条已有").wait_for()
        for _ in range(2):
            visit.page.locator(".sp-undo").click()
        visit.page.locator(".sp-import").set_input_files(path)
        visit.page.get_by_text("导入 2 条；0 条已有").wait_for()
        assert visit.script("siteplan.asJson()") == before
    saved = forms["csv"].decode("utf-8-sig")
    other = io.StringIO()
    csv.writer(other, delimiter=";").writerows(csv.reader(io.StringIO(saved, newline="")))
    for text in (saved.encode("gb18030"), other.getvalue().encode()):
        path = tmp_path / "另存.csv"
        path.write_bytes(text)
        for _ in range(2):
            visit.page.locator(".sp-undo").click()
        visit.page.locator(".sp-import").set_input_files(path)
        visit.page.get_by_text("导入 2 条；0 条已有").wait_for()
        assert visit.script("siteplan.asJson()") == before
    data = json.loads(forms["json"])
    data["run_id"] = "other"
    data["returns"][0]["run_id"] = "另一次"
    data["returns"][1]["candidate_id"] = "</script>X9"
    path = tmp_path / "strange.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    visit.page.locator(".sp-import").set_input_files(path)
    visit.page.get_by_text("1 条编号不在本图：</script>X9").wait_for()
    assert "1 条来自另一次运行 另一次" in visit.page.locator(".sp-returns .sp-mark-said").inner_text()
    for text, said in (
        ("{}", "不是 siteplan-returns/1 格式"),
        ("a,b\n1,2\n", "不是 siteplan-returns/1"),
        ("{", "bad.json"),
    ):
        bad = tmp_path / "bad.json"
        bad.write_text(text, encoding="utf-8")
        visit.page.locator(".sp-import").set_input_files(bad)
        visit.page.locator(".sp-returns .sp-mark-said", has_text=said).wait_for()
    assert visit.script("siteplan.asJson()").count("candidate_id") == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reported_at": None}, "reported_at"),
        ({"reported_at": 45292.5}, "reported_at"),
        ({"reported_at": "2026年1月2日"}, "reported_at"),
        ({"status": "agreed"}, "status“agreed”"),
        ({"status": "MOVED", "longitude": None}, "longitude"),
        ({"status": "MOVED", "longitude": 0.0, "latitude": 0.0}, "longitude"),
        ({"longitude": "113,5"}, "longitude"),
        ({"datum": "gcj02"}, "datum“gcj02”"),
        ({"candidate_id": 7}, "candidate_id"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_nothing_is_taken(
    visit: Visit, proposal: Proposal, change: dict[str, Any], said: str
) -> None:
    place = proposal.places.proposed.iloc[5]
    row = {
        "schema": "siteplan-returns/1",
        "run_id": "2023-abcdef012345",
        "candidate_id": place["candidate_id"],
        "status": "AGREED",
        "longitude": place["longitude"],
        "latitude": place["latitude"],
        "datum": "wgs84",
        "reason": "",
        "note": "",
        "reported_by": "甲",
        "reported_at": "2026-01-02T10:00:00+08:00",
    }
    form = {"schema": "siteplan-returns/1", "run_id": row["run_id"], "returns": [row, row | change]}
    message = visit.script(
        "form => { try { siteplan.takeIn(JSON.stringify(form)); return ''; } catch (e) { return e.message; } }",
        form,
    )
    assert message.startswith("第 2 行")
    assert said in message
    assert json.loads(visit.script("siteplan.asJson()"))["returns"] == []
    form["returns"] = [row]
    assert visit.script("form => siteplan.takeIn(JSON.stringify(form)).n", form) == 1
    visit.script("localStorage.clear()")


def test_a_network_is_not_part_of_another(browser: Any, proposal: Proposal, tmp_path: Path) -> None:
    first, second = proposal.config.networks
    networks = (first.model_copy(update={"name": "移动"}), second.model_copy(update={"name": "移动广电"}))
    config = proposal.config.model_copy(update={"networks": networks})
    table = proposal.places.proposed.copy()
    table["networks"] = ["移动" if i % 2 else "移动广电" for i in range(len(table))]
    path = tmp_path / "networks.html"
    page = map_html(dataclasses.replace(proposal, config=config, proposed=table))
    path.write_text(page, encoding="utf-8")
    visit = Visit(browser, path)
    visit.script("siteplan.setFilter('network', '移动')")
    assert visit.page.locator(".sp-list .sp-row").count() == 15
    visit.context.close()


def test_a_reader_without_candidates_has_none_and_a_page(
    browser: Any, proposal: Proposal, tmp_path: Path
) -> None:
    audience = Audience(id="lean", name="简版", layers=("counties", "villages"))
    page = map_html(proposal, audience=audience)
    for hidden in ('"ranks"', '"footprints"', '"C0001"', '"heads":["C"]'):
        assert hidden not in page
    assert '"steps":{"rank":[]' in page
    path = tmp_path / "lean.html"
    path.write_text(page, encoding="utf-8")
    visit = Visit(browser, path)
    visit.page.locator("h1").click()
    visit.page.keyboard.press("/")
    assert set(visit.script("siteplan.counts")) == {"counties", "villages"}
    assert visit.complaints == []
    visit.context.close()


def test_a_place_moves_inside_its_ring_only(visit: Visit, proposal: Proposal) -> None:
    visit.page.locator(".sp-list .sp-row").nth(4).click()
    form = visit.popup().locator("form")
    form.locator(".sp-mark-who").fill("王五")
    form.locator(".sp-mark-move").click()
    pin = visit.page.locator(".sp-pin")
    box = pin.bounding_box()
    x, y = box["x"] + 14, box["y"] + 14
    visit.page.mouse.move(x, y)
    visit.page.mouse.down()
    visit.page.mouse.move(x + 300, y + 40, steps=8)
    visit.page.mouse.up()
    assert "偏移 400 米" in visit.page.locator(".sp-move-bar").inner_text()
    visit.page.locator(".sp-move-save").click()
    moved = json.loads(visit.script("siteplan.asJson()"))["returns"][-1]
    row = proposal.places.proposed.iloc[4]
    assert (moved["candidate_id"], moved["status"], moved["datum"]) == (row["candidate_id"], "MOVED", "wgs84")
    east = (moved["longitude"] - row["longitude"]) * 111_195 * np.cos(np.radians(row["latitude"]))
    north = (moved["latitude"] - row["latitude"]) * 111_195
    assert 390 < np.hypot(east, north) <= row["search_radius_m"] * 1.002
    assert visit.says("改址")
    visit.script("localStorage.clear()")


# --- sizes, print, languages, readers -----------------------------------------------------------------------


def test_the_picture_is_not_blank_and_fits_a_phone(browser: Any, map_file: Path, tmp_path: Path) -> None:
    visit = Visit(browser, map_file, 360, 740)
    assert visit.shot(tmp_path / "phone.png").std() > 15
    assert visit.script("document.documentElement.scrollWidth") <= 360
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


def test_print_is_one_a3_sheet_with_legend_and_scale(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "print.pdf"
    visit.page.pdf(path=path, prefer_css_page_size=True, print_background=True)
    raw = path.read_bytes()
    sizes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", raw)
    assert len(sizes) == 1
    width, height = (float(each) for each in sizes[0])
    assert (width, height) == (pytest.approx(1190.6, abs=3), pytest.approx(841.9, abs=3))
    poppler = shutil.which("pdftoppm")
    if poppler is not None:
        subprocess.run([poppler, "-r", "50", "-png", path, tmp_path / "sheet"], check=True)
        sheet = np.asarray(Image.open(next(tmp_path.glob("sheet*.png"))).convert("RGB")).astype(int)
        blue = (sheet[..., 2] - sheet[..., 0] > 25) & (sheet[..., 2] > 120)
        assert blue[80:500, 100:600].mean() > 0.05
    visit.script("window.dispatchEvent(new Event('beforeprint'))")
    side = visit.page.locator(".sp-print")
    for text in ("建议站址", "本步尚未建", "40%–75%", "覆盖口径", "北", "先建前 30 / 30", "图上覆盖：规划后"):
        assert text in side.inner_text(), text
    assert visit.page.locator(".leaflet-control-scale").is_visible()
    assert not visit.page.locator(".sp-plan").is_visible()
    visit.script("window.dispatchEvent(new Event('afterprint'))")
    assert visit.page.locator(".sp-plan").is_visible()


def test_an_english_page_speaks_english(browser: Any, proposal: Proposal, tmp_path: Path) -> None:
    path = tmp_path / "en.html"
    path.write_text(map_html(proposal, lang="en"), encoding="utf-8")
    visit = Visit(browser, path)
    for key in ("by_county", "filters", "returns"):
        visit.open_section(key)
    text = visit.page.locator(
        ".sp-layers, .sp-build, .sp-filters, .sp-counties thead, .sp-returns"
    ).all_inner_texts()
    names = ("移动广电", "电信联通", "甲县", "东镇", "西镇", "700M")
    left = "".join(text)
    for name in (*names, *HOSTILE, "右向左", "长"):
        left = left.replace(name, "")
    assert not re.findall(r"[\u4e00-\u9fff]+", left)
    assert visit.complaints == []
    visit.context.close()


@pytest.mark.parametrize("audience_id", ["tower", "public"])
def test_external_builds_are_maps_too(
    browser: Any, proposal: Proposal, tmp_path: Path, audience_id: str
) -> None:
    audience = audience_of(proposal.config, audience_id)
    path = tmp_path / f"{audience_id}.html"
    path.write_text(
        map_html(proposal, audience=audience, recipient="某公司", issued="2023-07-01"), encoding="utf-8"
    )
    visit = Visit(browser, path)
    assert set(visit.script("siteplan.counts")) == set(audience.layers)
    assert "某公司 2023-07-01" in visit.page.locator(".sp-watermark").inner_text()
    visit.page.locator(".sp-list .sp-row").nth(2).click()
    assert ("回执" in visit.page.locator(".sp-plan").inner_text()) == (audience_id == "tower")
    assert visit.popup().locator("form").count() == (1 if audience_id == "tower" else 0)
    assert visit.popup().locator(".sp-coordinate").count() == (3 if audience_id == "tower" else 0)
    visit.page.mouse.click(700, 300, button="right")
    assert visit.complaints == []
    visit.context.close()


def test_online_tiles_are_only_asked_for_when_switched_on(
    browser: Any, proposal: Proposal, tmp_path: Path
) -> None:
    path = tmp_path / "online.html"
    path.write_text(map_html(proposal, online=True), encoding="utf-8")
    visit = Visit(browser, path)
    visit.context.route(
        "https://**/*", lambda route: route.fulfill(status=200, body=b"", content_type="image/png")
    )
    visit.page.wait_for_timeout(300)
    assert not [url for url in visit.requests if url.startswith("http")]
    visit.page.locator("input[name=online][value=amap]").check()
    visit.page.wait_for_timeout(500)
    asked = [url for url in visit.requests if url.startswith("http")]
    assert asked
    assert all(re.match(r"https://webrd0[1-4]\.is\.autonavi\.com/", url) for url in asked)
    visit.page.locator("input[name=online][value='']").check()
    visit.context.close()


def test_shifted_tiles_lie_where_gcj02_says(browser: Any, proposal: Proposal, tmp_path: Path) -> None:
    """The tile under the middle of the map is the one of the shifted middle."""
    path = tmp_path / "shift.html"
    path.write_text(map_html(proposal, online=True), encoding="utf-8")
    visit = Visit(browser, path)
    visit.context.route(
        "https://**/*", lambda route: route.fulfill(status=200, body=b"", content_type="image/png")
    )
    visit.script("siteplan.map.setView([24.8, 113.55], 16, {animate: false})")
    visit.page.locator("input[name=online][value=amap]").check()
    visit.page.wait_for_timeout(400)
    off = visit.script(
        """() => { const map = siteplan.map, c = map.getCenter(); let layer = null;
        map.eachLayer(l => { if (l._tiles && l._url && l._url.includes('autonavi')) layer = l; });
        const tile = Object.values(layer._tiles)[0];
        const box = tile.el.getBoundingClientRect(), m = map.getContainer().getBoundingClientRect();
        const g = siteplan.geo.gcj02(c.lng, c.lat), s = Math.pow(2, 16);
        const px = siteplan.geo.x(g[0]) * s, py = siteplan.geo.y(g[1]) * s;
        return [px - tile.coords.x * 256 - (m.x + m.width / 2 - box.x),
                py - tile.coords.y * 256 - (m.y + m.height / 2 - box.y)]; }"""
    )
    assert np.abs(off).max() < 2
    visit.context.close()


def test_a_city_stays_inside_its_budget(browser: Any, tmp_path: Path) -> None:
    path = tmp_path / "city.html"
    path.write_text(map_html(draw_proposal(CITY, pixels=1900)), encoding="utf-8")
    assert path.stat().st_size <= 6_000_000
    visit = Visit(browser, path)
    assert visit.script("siteplan.counts") == CITY | {"counties": 2, "zones": 2}
    assert visit.script("document.querySelectorAll('*').length") < 3000
    assert visit.complaints == []
    visit.context.close()
