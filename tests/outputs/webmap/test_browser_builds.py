"""The shared map in headless Chromium: names, sizes, print, languages, readers, online maps."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from worlds.visit import Visit
from worlds.webmap_world import CITY, HOSTILE, draw_proposal, with_places

from siteplan.outputs.audience import audience_of
from siteplan.outputs.webmap import map_html
from siteplan.planning.proposal import Proposal
from siteplan.project.outputs import Audience

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


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


def test_a_network_is_not_part_of_another(browser: Any, proposal: Proposal, tmp_path: Path) -> None:
    first, second = proposal.config.networks
    networks = (first.model_copy(update={"name": "移动"}), second.model_copy(update={"name": "移动广电"}))
    config = proposal.config.model_copy(update={"networks": networks})
    table = proposal.places.proposed.copy()
    table["networks"] = ["移动" if i % 2 else "移动广电" for i in range(len(table))]
    path = tmp_path / "networks.html"
    page = map_html(dataclasses.replace(with_places(proposal, proposed=table), config=config))
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


# --- sizes, print, languages, readers -----------------------------------------------------------------------


def test_the_picture_is_not_blank_and_fits_a_phone(browser: Any, map_file: Path, tmp_path: Path) -> None:
    visit = Visit(browser, map_file, 360, 740)
    assert visit.shot(tmp_path / "phone.png").std() > 15
    assert visit.script("document.documentElement.scrollWidth") <= 360
    assert not visit.page.locator(".sp-list").is_visible()
    visit.page.locator(".sp-plan .sp-toggle").click()
    visit.page.locator(".sp-list .sp-row").nth(7).click()
    box = visit.page.locator(".sp-card").bounding_box()
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
        green = (sheet[..., 1] - sheet[..., 0] > 40) & (sheet[..., 1] > 90)
        assert green[80:500, 100:600].mean() > 0.02
    visit.script("window.dispatchEvent(new Event('beforeprint'))")
    side = visit.page.locator(".sp-print")
    for text in (
        "建议站址",
        "本步尚未建",
        "40%–75%",
        "覆盖口径",
        "北",
        "先建前 30 / 30",
        "图上覆盖：基本覆盖（任一网络） · 变化",
    ):
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
    names = (
        "基本覆盖（任一网络）",
        "基本覆盖（每个网络）",
        "移动广电",
        "电信联通",
        "甲县",
        "东镇",
        "西镇",
        "700M",
    )
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
    written = visit.script(
        """() => { const found = [], pen = siteplan.sheet._pen, fill = pen.fillText;
        pen.fillText = function (text) { found.push(text); fill.apply(pen, arguments); };
        siteplan.sheet.renew(); delete pen.fillText; return found; }"""
    )
    assert "某公司 2023-07-01" in written
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
    assert path.stat().st_size <= 3_200_000
    visit = Visit(browser, path)
    assert visit.script("siteplan.counts") == CITY | {"counties": 2, "zones": 2, "gaps": 110, "stretches": 2}
    assert visit.script("document.querySelectorAll('*').length") < 3000
    assert visit.complaints == []
    visit.context.close()
