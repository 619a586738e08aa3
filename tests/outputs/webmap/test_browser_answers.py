"""The shared map in headless Chromium: what is drawn, and what it answers."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds.visit import Visit
from worlds.webmap_world import HOSTILE, SMALL

from siteplan.inputs.places.datum import gcj02_from_wgs84
from siteplan.planning.proposal import Proposal

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


# --- opening it -----------------------------------------------------------------------------------------


def test_one_file_and_no_request(visit: Visit, map_file: Path) -> None:
    visit.page.wait_for_timeout(500)
    visit.page.mouse.move(700, 450)
    visit.page.mouse.wheel(0, -600)
    visit.page.wait_for_timeout(500)
    assert {url.split("#")[0] for url in visit.own_requests()} == {map_file.as_uri()}


def test_every_row_is_there_and_every_layer_can_be_switched(visit: Visit) -> None:
    assert visit.script("siteplan.counts") == SMALL | {"counties": 2, "zones": 2, "stretches": 2}
    boxes = visit.page.locator(".sp-layers input[type=checkbox]")
    values = {each.get_attribute("value") for each in boxes.all()}
    assert values == {*SMALL, "counties", "zones", "stretches", "relief", "base", "swipe"}
    for each in boxes.all():
        each.click()
        each.click()
    question = visit.page.locator(".sp-question")
    values = [each.get_attribute("value") for each in question.locator("option").all()]
    assert values == ["S0", "S1", "S2", "by_site", "overlap", "terrain", "doubt", "off"]
    legends = {
        "S0": "40%–75%",
        "S2": "有人居住，未达标\n",
        "by_site": "新覆盖，每种颜色一个站",
        "overlap": "2 个建议站（末档含以上）",
        "terrain": "仅平地缓冲区达标，被地形遮挡",
        "doubt": "略低于门槛",
    }
    for value, text in legends.items():
        question.select_option(value)
        shown = visit.page.locator(".sp-scale").inner_text() + "\n"
        assert text in shown
        assert [each for each in legends.values() if each in shown] == [text]


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
        others = others[(others != name).any(axis=1)]  # a county's name is reserved twice
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
    visit.page.locator(".sp-question").select_option("off")
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
    slider = visit.page.locator(".sp-build input[type=range]")
    for step in (0, 1, 12, len(proposal.places.proposed)):
        slider.fill(str(step))
        built = proposal.places.steps[proposal.places.steps["rank"] <= step]
        people = have.population_covered_before + built["people"].sum()
        villages = have.villages_covered_before + built["villages"].sum()
        text = visit.page.locator(".sp-build-more").inner_text()
        assert f"居民覆盖 {people:,.0f}（{people / have.population_total:.2%}）" in text
        assert f"通5G行政村 {villages} / {have.villages_total}" in text
        assert (
            f"先建前 {step} / {len(proposal.places.proposed)}"
            in visit.page.locator(".sp-build-said").inner_text()
        )
        later = visit.page.locator(".sp-list .sp-later")
        visit.page.wait_for_timeout(200)
        assert later.count() == len(proposal.places.proposed) - step
    assert people == have.population_covered_after
    assert villages == have.villages_covered_after


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
        named = visit.page.locator(".sp-filter > span").get_by_text(label, exact=True)
        named.locator("..").locator("select").select_option(value)
        return int(visit.page.locator(".sp-list .sp-row").count())

    assert choose("用途", "基本覆盖（每个网络）") == table["purpose"].eq("基本覆盖（每个网络）").sum()
    choose("用途", "")
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
    for name, key in (("today", "today"), ("planned", "plan")):
        visit.page.locator(f"input[name=moment][value={key}]").check(force=True)
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
    assert "手机地图" in text


def test_the_view_travels_in_the_address(visit: Visit, browser: Any, map_file: Path) -> None:
    visit.open_section("filters")
    visit.page.locator(".sp-filter", has_text="乡镇").locator("select").select_option("东镇")
    visit.page.locator(".sp-build input[type=range]").fill("9")
    visit.page.locator("input[value=gaps]").check()
    visit.page.locator("input[value=swipe]").check()
    visit.page.locator(".sp-question").select_option("S1")
    visit.page.locator("input[value=pins_source]").check()
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
        "siteplan.state.moment",
        "siteplan.state.question",
        "siteplan.state.pins",
        "siteplan.describe()",
    ):
        assert other.script(text) == visit.script(text), text
    assert other.script("siteplan.layers.gaps.shown")
    assert other.complaints == []
    other.context.close()


@pytest.mark.parametrize(
    "nonsense",
    [
        "#v=a/b/c&n=x&l=&m=__proto__&q=__proto__&w=z&s=proposed:99999",
        "#v=9/24/113&s=:&f_county=<b>&n=-5",
        "#v=10/1e300/1e300&s=__proto__:0&n=1.5",
        "#v=10/24.8/113.5&s=constructor:0&q=constructor",
        "#v=10/24.8/113.5&s=proposed:-1&q=search",
        "#v=10/24.8/113.5&s=proposed:0.5",
    ],
)
def test_an_address_that_means_nothing_does_no_harm(browser: Any, map_file: Path, nonsense: str) -> None:
    visit = Visit(browser, map_file, hash_=nonsense)
    assert visit.complaints == []
    assert visit.script("({}).checked === undefined")
    assert visit.script("[siteplan.state.moment, siteplan.state.question]") == ["change", "S0"]
    assert re.match(r"先建前 \d+ / 30", visit.page.locator(".sp-build-said").inner_text())
    visit.context.close()
