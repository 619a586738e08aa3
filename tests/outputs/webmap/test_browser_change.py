"""The map's message in headless Chromium: what the plan changes, where, and for whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from worlds.visit import Visit
from worlds.webmap_world import TARGET

from siteplan.core.grid import lonlat
from siteplan.outputs import palette
from siteplan.outputs.webmap import map_html
from siteplan.outputs.webmap.rasters import tone_names
from siteplan.planning.proposal import ASKED, NEWLY_REACHED, Proposal

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


def show_ground_alone(visit: Visit) -> None:
    """Nothing but the picture of coverage, from so near that every pixel is many of the screen's."""
    for key in ("proposed", "villages", "sites", "counties", "base", "relief"):
        visit.page.locator(f".sp-layers input[value={key}]").uncheck()
    visit.page.locator(".sp-layers .sp-toggle").click()
    visit.page.locator(".sp-plan .sp-toggle").click()


def screen_points(visit: Visit, proposal: Proposal) -> NDArray[np.int64]:
    """Where the middle of every pixel of the plan stands on the screen, shape (height, width, 2)."""
    grid = proposal.area.grid
    x, y = np.meshgrid(
        grid.west_m + (np.arange(grid.width) + 0.5) * grid.resolution_m,
        grid.north_m - (np.arange(grid.height) + 0.5) * grid.resolution_m,
    )
    longitude, latitude = lonlat(grid.crs, x.ravel(), y.ravel())
    found = visit.script(
        """points => { const r = siteplan.map.getContainer().getBoundingClientRect();
        return points.map(p => { const c = siteplan.map.latLngToContainerPoint([p[1], p[0]]);
        return [c.x + r.x, c.y + r.y]; }); }""",
        np.column_stack([longitude, latitude]).tolist(),
    )
    return np.rint(np.array(found)).astype(int).reshape(*grid.shape, 2)


def in_sight(points: NDArray[np.int64], picture: NDArray[Any]) -> NDArray[np.bool_]:
    """Pixels of the plan that no header, panel or tool hides."""
    height, width = picture.shape[:2]
    x, y = points[..., 0], points[..., 1]
    return (y > 230) & (y < height - 60) & (x > 120) & (x < width - 200)


def test_before_and_after_differ_where_and_only_where_something_changed(
    visit: Visit, proposal: Proposal, tmp_path: Path
) -> None:
    show_ground_alone(visit)
    visit.script("siteplan.map.setZoom(14, {animate: false})")
    shots = {}
    for moment in ("today", "plan", "change"):
        visit.page.locator(f"input[name=moment][value={moment}]").check(force=True)
        shots[moment] = visit.shot(tmp_path / f"{moment}.png")
    points = screen_points(visit, proposal)
    seen = in_sight(points, shots["today"])
    x, y = points[seen].T
    before, after = (
        np.nan_to_num(each.values)[seen] >= TARGET
        for each in (proposal.existing.coverage, proposal.effects.coverage)
    )
    changed = after & ~before
    assert 100 < changed.sum() < 0.9 * len(changed)
    for moment in ("plan", "change"):
        differs = (shots[moment][y, x] != shots["today"][y, x]).any(axis=1)
        # at the edge of a pixel of the plan the picture may show its neighbour
        assert (differs == changed).mean() > 0.985, moment
    strong = np.array([int(palette.NEW[k : k + 2], 16) for k in (1, 3, 5)])
    is_new = np.abs(shots["change"][y, x] - strong).sum(axis=1) < 70
    assert (is_new == changed).mean() > 0.985


def test_the_first_step_of_the_slider_shows(visit: Visit, tmp_path: Path) -> None:
    show_ground_alone(visit)
    visit.script("siteplan.build(0)")
    without = visit.shot(tmp_path / "none.png")
    visit.script("siteplan.build(1)")
    first = visit.shot(tmp_path / "first.png")
    assert (np.abs(first - without).sum(axis=2) > 60).sum() > 400


def test_every_network_has_its_own_answer(visit: Visit, proposal: Proposal, tmp_path: Path) -> None:
    """The second network is new exactly where the plan says, whatever the first service shows."""
    show_ground_alone(visit)
    visit.script("siteplan.map.setZoom(14, {animate: false})")
    visit.script("siteplan.setQuestion('S2')")
    visit.page.wait_for_timeout(300)
    shown = visit.shot(tmp_path / "s2.png")
    points = screen_points(visit, proposal)
    seen = in_sight(points, shown)
    x, y = points[seen].T
    reach = np.asarray(proposal.effects.services[2].reach.values)[seen]
    strong = np.array([int(palette.NEW[k : k + 2], 16) for k in (1, 3, 5)])
    is_new = np.abs(shown[y, x] - strong).sum(axis=1) < 70
    assert (reach == NEWLY_REACHED + ASKED).sum() > 50
    assert (is_new == (reach == NEWLY_REACHED + ASKED)).mean() > 0.985


def test_the_page_paints_the_tones_the_pictures_paint(visit: Visit) -> None:
    """One table of tones in two languages: every code means the same to both."""
    names = tone_names(np.arange(256, dtype=np.uint8))
    looks = visit.script("siteplan.toneTable('change')")
    tones = visit.script("siteplan.settings.tones")
    for code, (name, word) in enumerate(zip(names, looks, strict=True)):
        if code & 127 > 107:
            continue
        look = (
            tones["covered"][int(name[-1]) - 1] if str(name).startswith("covered") else tones.get(str(name))
        )
        alpha = round(look["alpha"] * 255) if look else 0
        red, green, blue = (int(look["fill"][k : k + 2], 16) if look else 0 for k in (1, 3, 5))
        expected = (alpha << 24 | blue << 16 | green << 8 | red) if alpha else 0
        assert word == expected, (code, name)


def test_today_knows_no_place_of_the_plan(visit: Visit, proposal: Proposal) -> None:
    row = proposal.places.proposed.iloc[0]
    at = [row["latitude"], row["longitude"]]
    visit.script("p => siteplan.map.setView(p, 15, {animate: false})", at)
    hit = "p => { const h = siteplan.hit(siteplan.map.latLngToLayerPoint(p), 4); return h && h[0]; }"
    assert visit.script(hit, at) == "proposed"
    visit.page.locator("input[name=moment][value=today]").check(force=True)
    assert visit.script(hit, at) != "proposed"
    assert "现状" in visit.page.locator(".sp-headline").inner_text()


def test_from_afar_pins_do_not_touch_and_better_ranks_come_first(visit: Visit) -> None:
    for zoom in (9, 10, 11.5):
        visit.script("z => siteplan.map.setZoom(z, {animate: false})", zoom)
        shown = visit.script("[...siteplan.numberedPins()]")
        each = "r => { const l = siteplan.layers.proposed; return [l.x[r], l.y[r]]; }"
        places = np.array([visit.script(each, row) for row in shown]) * 2**zoom
        far = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1)) + 1e9 * np.eye(len(shown))
        assert far.min() > 18
        ranks = [visit.script("r => siteplan.layers.proposed.read(r, 'rank')", row) for row in shown]
        assert 1 in ranks
        assert ranks == sorted(ranks)


def test_a_county_counts_its_own(visit: Visit, proposal: Proposal) -> None:
    """The county's numbers, its ranks from one, and a slider that builds its places."""
    table = proposal.places.proposed
    visit.page.locator(".sp-county").select_option("甲县")
    own = table[table["county"].eq("甲县")]
    chips = visit.page.locator(".sp-list .sp-chip").all_inner_texts()
    assert chips == [str(k) for k in range(1, len(own) + 1)]
    counties = proposal.effects.counties.set_index("county").loc["甲县"]
    gained = counties["population_covered_after"] - counties["population_covered_before"]
    headline = visit.page.locator(".sp-headline").inner_text()
    assert f"+{gained:,.0f} 人" in headline
    assert headline.startswith("甲县")
    visit.page.locator(".sp-build input[type=range]").fill("3")
    assert visit.script("siteplan.state.built") == own["rank"].iloc[2]
    visit.page.locator(".sp-list .sp-row").first.click()
    assert f"全方案第 {own['rank'].iloc[0]} 名" in visit.popup().inner_text() or own["rank"].iloc[0] == 1
    visit.page.locator(".sp-county").select_option("")
    assert visit.page.locator(".sp-list .sp-row").count() == len(table)


def test_counts_of_villages_agree_with_the_headline(visit: Visit, proposal: Proposal) -> None:
    counties = [each["county"] for each in visit.script("siteplan.settings.counties")]
    written = [
        visit.script("c => siteplan.villageCounts(c, null).map(part => part[0])", each) for each in counties
    ]
    newly = sum(int(part[1:-1]) for parts in written for part in parts if part.startswith("+"))
    short = sum(int(part[1:-1]) for parts in written for part in parts if part.startswith("缺"))
    have = proposal.record
    assert newly == have.villages_covered_after - have.villages_covered_before
    assert short == have.villages_total - have.villages_covered_after


def test_the_card_hides_nothing_it_explains(visit: Visit) -> None:
    for row in (0, 9, 20):
        visit.page.locator(".sp-list .sp-row").nth(row).click()
        card = visit.page.locator(".sp-card").bounding_box()
        selected = visit.script(
            """() => { const s = siteplan.state.selected, l = siteplan.layers[s.key];
            const p = siteplan.map.latLngToContainerPoint([l.read(s.row, 'lat'), l.read(s.row, 'lon')]);
            const r = siteplan.map.getContainer().getBoundingClientRect(); return [p.x + r.x, p.y + r.y]; }"""
        )
        assert card is not None
        assert not (card["x"] <= selected[0] and card["y"] <= selected[1] <= card["y"] + card["height"])
    visit.page.keyboard.press("Escape")
    assert visit.page.locator(".sp-card").count() == 0


def test_a_list_by_distance_starts_with_the_nearest(visit: Visit) -> None:
    visit.page.locator(".sp-found-line button").click()
    rows = visit.page.locator(".sp-list .sp-row")
    order = [int(each.get_attribute("data-row")) for each in rows.all()]
    far = visit.script(
        """rows => rows.map(r => { const l = siteplan.layers.proposed;
        return siteplan.geo.distance(siteplan.map.getCenter(), {lat: l.read(r, 'lat'), lng: l.read(r, 'lon')}); })""",
        order,
    )
    assert far == sorted(far)


def test_my_position_is_asked_for_and_told_when_it_is_not_given(browser: Any, map_file: Path) -> None:
    visit = Visit(browser, map_file)
    visit.page.locator(".sp-tool-locate").click()
    visit.page.wait_for_timeout(400)
    assert "浏览器没有给出位置" in visit.page.locator(".sp-hint").inner_text()
    visit.context.close()


def test_a_view_can_be_kept_as_a_picture(visit: Visit, tmp_path: Path) -> None:
    with visit.page.expect_download() as download:
        visit.page.locator(".sp-tool-save_view").click()
    path = tmp_path / "view.png"
    download.value.save_as(path)
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert download.value.suggested_filename.endswith(".png")


def test_phones_have_tools_for_thumbs(browser: Any, map_file: Path) -> None:
    visit = Visit(browser, map_file, 390, 800)
    visit.page.locator(".sp-tool-more").click()
    shown = [each.bounding_box() for each in visit.page.locator(".sp-tool, .sp-moment, .sp-toggle").all()]
    assert all(box["height"] >= 44 for box in shown if box)
    visit.script("siteplan.go('proposed', 3)")
    card = visit.page.locator(".sp-card").bounding_box()
    assert card is not None
    assert card["width"] == 390
    assert card["y"] > 300
    assert visit.complaints == []
    visit.context.close()


def test_without_scripts_there_is_the_picture_and_the_list(
    browser: Any, proposal: Proposal, tmp_path: Path
) -> None:
    """WeChat's preview runs no script."""
    still = tmp_path / "still.webp"
    Image.new("RGB", (40, 60), "#00795a").save(still)
    path = tmp_path / "plain.html"
    path.write_text(map_html(proposal, still=still.read_bytes()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert page.locator("noscript").count() == 1
    text = page.locator("body").inner_text()
    for row in proposal.places.proposed.head(3).itertuples():
        assert row.benefit in text
    box = page.locator("noscript img").bounding_box()
    assert box is not None
    assert box["width"] == 40
    context.close()


def test_the_card_draws_the_ground_and_says_what_is_in_the_way(visit: Visit, proposal: Proposal) -> None:
    """Flat ground is clear: 17 m over it in the middle, where six tenths of the zone need 14.6 and the bent
    earth takes 0.5; a hill of 200 m is in the way by what the arithmetic says."""
    antenna, receiver = 35.0, proposal.config.coverage.receiver_height_m
    assert visit.script("r => siteplan.sightOf(r, 35).worst.lack", 1) < 1.0
    middle = visit.script(
        "r => { const p = siteplan.sightOf(r, 35).points[12]; return [p.room, p.zone]; }", 2
    )
    bulge = 3_000.0**2 / (2 * 6_371_000 * 4 / 3)
    assert middle[0] == pytest.approx((antenna + receiver) / 2 - 200.0 - bulge, abs=0.01)
    assert middle[1] == pytest.approx(np.sqrt(299.792458 / 758.0 * 3_000.0 * 3_000.0 / 6_000.0), rel=1e-6)
    visit.page.locator(".sp-list .sp-row").nth(1).click()
    text = visit.popup().locator(".sp-sight").inner_text()
    assert "五里村" in text
    assert f"3.00 km处地形高出视线 {-middle[0]:.0f} 米" in text
    assert "站址，地面 300 米" in text


def test_a_place_without_a_line_has_a_card_without_one(visit: Visit) -> None:
    visit.script("delete siteplan.settings.sightLines['3']")
    visit.page.locator(".sp-list .sp-row").nth(2).click()
    assert visit.popup().locator("h3").count() == 1
    assert visit.popup().locator(".sp-sight").count() == 0


def test_the_left_half_of_the_comparison_knows_nothing_of_the_plan(visit: Visit, tmp_path: Path) -> None:
    """Places, villages and counts are those of today left of the bar, as well as the colours."""
    visit.page.locator("input[name=moment][value=today]").check(force=True)
    today = visit.shot(tmp_path / "today.png")
    visit.page.locator("input[name=moment][value=change]").check(force=True)
    change = visit.shot(tmp_path / "change.png")
    visit.page.locator("input[value=swipe]").check()
    both = visit.shot(tmp_path / "both.png")
    bar = visit.page.locator(".sp-swipe").bounding_box()
    assert bar is not None
    at = int(bar["x"]) + 3
    rows, left, right = slice(260, 800), slice(400, at - 90), slice(at + 90, 1080)
    assert (both[rows, left] == today[rows, left]).mean() > 0.995
    assert (both[rows, right] == change[rows, right]).mean() > 0.995
    assert (today[rows, left] != change[rows, left]).mean() > 0.02
    assert visit.page.locator(".sp-swipe-right").inner_text() == "变化"


def test_what_is_left_is_a_list_and_can_be_searched(visit: Visit, proposal: Proposal) -> None:
    villages = proposal.effects.villages
    short = villages[~villages["covered_after"].astype(bool)]
    visit.open_section("left_villages")
    visit.page.locator(".sp-left .sp-row").first.wait_for()  # a section says that it opened a moment later
    assert f"({len(short)})" in visit.page.locator(".sp-section-left_villages summary").inner_text()
    assert visit.page.locator(".sp-left .sp-row").count() == len(short)
    visit.page.locator(".sp-search input").fill("仍未通")
    uncovered = villages["state"].eq("uncovered").sum()
    assert visit.page.locator(".sp-list .sp-row").count() == min(40, uncovered)
    visit.page.locator(".sp-search input").fill("")
    visit.script("siteplan.setMoment('today')")
    visit.page.wait_for_timeout(300)
    before = villages[~villages["covered_before"].astype(bool)]
    assert visit.page.locator(".sp-left .sp-row").count() == len(before)


def test_a_gap_answers_a_click(visit: Visit, proposal: Proposal) -> None:
    visit.script("siteplan.map.setView(siteplan.map.getCenter(), 15, {animate: false})")
    for key in ("proposed", "villages", "sites"):
        visit.page.locator(f"input[value={key}]").uncheck()
    point = visit.script(
        """() => { for (let y = 250; y < 800; y += 12) for (let x = 420; x < 1050; x += 12) {
        const at = siteplan.map.containerPointToLatLng([x, y]), c = siteplan.classAt(at);
        if (c.lived && c.shown && c.shown < 3) { const r = siteplan.map.getContainer().getBoundingClientRect();
          return [x + r.x, y + r.y]; } } return null; }"""
    )
    assert point is not None
    visit.page.mouse.click(*point)
    text = visit.popup().inner_text()
    assert "此处有人居住，未达标" in text
    assert "附近行政村" in text


def test_a_moved_place_is_where_the_card_sends_people(visit: Visit, proposal: Proposal) -> None:
    row = proposal.places.proposed.iloc[0]
    visit.page.locator(".sp-list .sp-row").first.click()
    visit.script(
        """([id, lon, lat]) => { siteplan.recordMove(id, lon, lat); siteplan.emit('marks'); }""",
        [row["candidate_id"], row["longitude"] + 0.001, row["latitude"]],
    )
    shown = visit.popup().locator(".sp-places").inner_text()
    moved, planned = f"{row['longitude'] + 0.001:.6f}", f"{row['longitude']:.6f}"
    assert "已改址" in shown
    assert shown.index(moved) < shown.index(planned)


def test_a_click_on_a_number_opens_that_number(visit: Visit, proposal: Proposal) -> None:
    """From afar dots lie under pins, some with their middle nearer to where the click falls."""
    visit.script("siteplan.map.setZoom(10, {animate: false})")
    wrong = visit.script(
        """() => { const l = siteplan.layers.proposed, shown = siteplan.numberedPins(), wrong = [];
        shown.forEach(row => { for (const [dx, dy] of [[0, 0], [5, 0], [-5, 3], [0, -6]]) {
          const p = siteplan.map.latLngToLayerPoint([l.read(row, 'lat'), l.read(row, 'lon')]);
          const hit = siteplan.hit(L.point(p.x + dx, p.y + dy), 4);
          if (!hit || hit[0] !== 'proposed' || !shown.has(hit[1])) wrong.push(row); } });
        return wrong; }"""
    )
    assert wrong == []


def test_the_legend_says_when_things_are_drawn_larger_than_they_are(visit: Visit) -> None:
    said = "远看时绿色和橙色放大显示"
    visit.script("siteplan.map.setZoom(9, {animate: false})")
    assert said in visit.page.locator(".sp-scale").inner_text()
    visit.script("siteplan.map.setZoom(15, {animate: false})")
    assert said not in visit.page.locator(".sp-scale").inner_text()
