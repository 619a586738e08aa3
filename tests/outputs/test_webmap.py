"""The shared map without a browser: one file, no network, nothing in a table can become markup."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import re
import zlib
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from shapely.geometry import box
from worlds.webmap_world import CRS, HOSTILE, NORTH, SMALL, WEST, draw_proposal

from siteplan.core.errors import SiteplanError
from siteplan.core.grid import Grid, Raster
from siteplan.outputs.audience import audience_of, map_name, seen_by
from siteplan.outputs.webmap import map_html
from siteplan.outputs.webmap.assets import asset_bytes, asset_table, inline_assets
from siteplan.outputs.webmap.elements import SCRIPTS
from siteplan.outputs.webmap.encode import column, to_json
from siteplan.outputs.webmap.online import online_tiles
from siteplan.outputs.webmap.page import CONTENT_POLICY
from siteplan.outputs.webmap.rasters import (
    codes_picture,
    coverage_codes,
    footprint_masks,
    ranks_picture,
    relief_source,
    warp_of,
)
from siteplan.planning.proposal import Proposal

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@pytest.fixture(scope="module")
def proposal() -> Proposal:
    return draw_proposal(SMALL)


@pytest.fixture(scope="module")
def page_text(proposal: Proposal) -> str:
    return map_html(proposal)


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
        "html",
        "head",
        "meta",
        "title",
        "style",
        "script",
        "body",
        "noscript",
        "div",
    }
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


def read_back(packed: Any, row: int) -> Any:
    """One cell of a column, as siteplan_core.js reads it."""
    if packed is None or isinstance(packed, list):
        return None if packed is None else packed[row]
    codes = packed.get("codes")
    if codes is None:
        pairs = zip(packed["runs"][::2], packed["runs"][1::2], strict=True)
        codes = [code for code, count in pairs for _ in range(count)]
    if "values" in packed:
        return packed["values"][codes[row]]
    return packed["heads"][codes[row]] + str(packed["numbers"][row]).rjust(packed["widths"][codes[row]], "0")


def seen_pixels(uri: str) -> np.ndarray[Any, Any]:
    """An embedded picture as the browser reads it back."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))).convert("RGB"))


def test_coverage_lies_where_the_pixels_are() -> None:
    grid = Grid(CRS, WEST, NORTH, 100.0, 40, 30)
    values = np.full(grid.shape, np.nan, np.float32)
    values[5, 7] = 0.9
    raster = Raster(values, grid, "P", "1")
    warp = warp_of(grid)
    picture = codes_picture(coverage_codes(raster, raster, None, (0.1, 0.4, 0.75, 0.95), 0.75), warp)
    corners = gpd.GeoSeries([box(*grid.bounds)], crs=CRS).to_crs("EPSG:4326").total_bounds
    (south, west), (north, east) = picture.bounds
    np.testing.assert_allclose([west, south, east, north], corners, atol=0.002)
    pixels = seen_pixels(picture.uri)[..., 0]
    row, col = (int(each.mean()) for each in np.nonzero(pixels == 18 * 4 + 3 * 4))
    assert set(np.unique(pixels)) == {0, 18 * 4 + 3 * 4}
    height, width = pixels.shape
    longitude = west + (col + 0.5) / width * (east - west)
    latitude = north - (row + 0.5) / height * (north - south)
    centre = gpd.GeoSeries.from_xy([WEST + 750], [NORTH - 550], crs=CRS).to_crs("EPSG:4326")
    np.testing.assert_allclose([longitude, latitude], [centre.x[0], centre.y[0]], atol=0.0007)


def test_codes_hold_three_pictures_and_ranks_two_bytes() -> None:
    rng = np.random.default_rng(3)
    grid = Grid(CRS, WEST, NORTH, 100.0, 50, 40)
    before, after, flat = (
        Raster(rng.random(grid.shape).astype(np.float32), grid, "P", "1") for _ in range(3)
    )
    breaks = (0.1, 0.4, 0.75, 0.95)
    codes = coverage_codes(before, after, flat, breaks, 0.75)
    np.testing.assert_array_equal(codes // 18, np.digitize(before.values, breaks) + 1)
    np.testing.assert_array_equal(codes // 3 % 6, np.digitize(after.values, breaks) + 1)
    np.testing.assert_array_equal(codes % 3 == 1, before.values >= 0.75)
    np.testing.assert_array_equal(codes % 3 == 2, (before.values < 0.75) & (flat.values >= 0.75))
    assert codes.max() < 256
    warp = warp_of(grid)
    pixels = seen_pixels(codes_picture(codes, warp).uri)[..., 0]
    np.testing.assert_array_equal(pixels, warp.seen(codes))
    ranks = Raster(rng.integers(0, 60_000, grid.shape).astype(np.int32), grid, "rank", "1")
    low, high, _ = np.moveaxis(seen_pixels(ranks_picture(ranks, warp).uri).astype(int), -1, 0)
    np.testing.assert_array_equal(low + 256 * high, warp.seen(np.asarray(ranks.values)))


def test_a_footprint_lies_over_the_pixels_it_covers() -> None:
    grid = Grid(CRS, WEST, NORTH, 100.0, 60, 60)
    mask = np.zeros((9, 7), bool)
    mask[2:8, 1:6] = True
    mask[4, 3] = False
    nothing = np.zeros((3, 3), bool)
    warp = warp_of(grid)
    found = footprint_masks([(20, 30, mask), (0, 0, nothing)], warp)
    assert found["mask"][1] == ""
    image = Image.open(io.BytesIO(base64.b64decode(found["mask"][0])))
    assert image.info["transparency"] == 0
    seen = np.asarray(image)
    whole = np.zeros(grid.shape, bool)
    whole[20:29, 30:37] = mask
    rows, cols = found["row"][0], found["col"][0]
    drawn = np.zeros(warp.index.shape, bool)
    drawn[rows : rows + seen.shape[0], cols : cols + seen.shape[1]] = seen == 1
    np.testing.assert_array_equal(drawn, warp.seen(whole))


def test_relief_is_cut_to_the_area_and_thinned() -> None:
    fine = Grid(CRS, WEST - 5000, NORTH + 5000, 25.0, 800, 800)
    area = Grid(CRS, WEST, NORTH, 100.0, 60, 40)
    wet = np.zeros(fine.shape, bool)
    wet[200:204] = True
    source = relief_source(None, Raster(np.ones(fine.shape, np.float32), fine, "dem", "m"), wet, area)
    assert source is not None
    relief, water = source
    assert relief.grid == Grid(CRS, WEST, NORTH, 25.0, 240, 160)
    assert water is not None
    assert water[:4].all()
    assert not water[4:].any()
    assert relief_source(None, None, None, area) is None


@pytest.mark.parametrize(
    "values",
    [
        ["440229-2023-0699", "440229-2023-0700", "440229-2023-0701", "440281-2023-0001"] * 4,
        ["S1", "S2", "S10", "S11", "S12", "S13", "S14", "S15", "S16"],
        ["甲", "甲", "甲", "乙"] * 3,
        ["", "", ""],
        ["a1", "b2", "c3"],
        ["x\n1", "x\n2", "x\n3", "x\n4"],
        [1.23456, None, float("nan"), 4],
        ["0000000000000001"] * 3,
        [],
    ],
)
def test_columns_come_back_as_they_were(values: list[Any]) -> None:
    packed = column(values)
    for row, value in enumerate(values):
        have = read_back(packed, row)
        if isinstance(value, str):
            assert (have or "") == value
        elif value is None or np.isnan(value):
            assert have is None
        else:
            assert have == pytest.approx(value, abs=1e-3)


def test_words_and_titles_follow_the_language(proposal: Proposal) -> None:
    page = map_html(proposal, lang="en")
    assert '<html lang="en">' in page
    assert "DEMO: contains synthetic data" in page
    assert "<title>试验市: 5G sites proposed for 2023</title>" in page
    assert "the model is not calibrated" in page


def test_a_city_may_be_called_like_a_slot() -> None:
    assert "__siteplan:foo__" in map_html(draw_proposal(SMALL, city="甲__siteplan:foo__"))


def test_a_hostile_city_name_stays_a_name() -> None:
    page = map_html(draw_proposal(SMALL, city=HOSTILE[0]))
    assert page.count("</script") == page.count("<script")
    assert "<img" not in page


def test_without_dem_and_properties_the_page_is_still_a_map(proposal: Proposal) -> None:
    nothing = SimpleNamespace(
        properties=None, dem=None, terrain=None, clutter=None, roads=None, exclusions=None
    )
    bare = dataclasses.replace(proposal, inputs=nothing)  # type: ignore[arg-type]
    page = map_html(bare)
    assert '"relief":{' not in page
    assert '"key":"properties"' not in page
    assert '"key":"zones"' not in page


def test_empty_tables_give_empty_layers(proposal: Proposal) -> None:
    tables = ("villages", "gaps", "sites", "candidates", "proposed")
    empty: dict[str, Any] = {name: getattr(proposal, name).iloc[:0] for name in tables}
    empty |= {"footprints": (), "steps": pd.DataFrame(), "curve": pd.DataFrame(), "choices": pd.DataFrame()}
    page = map_html(dataclasses.replace(proposal, **empty))
    assert page.count('"n":0,"classes"') == len(tables)


# --- audiences ----------------------------------------------------------------------------------------


def unpacked(page: str) -> str:
    """Every cell of every table of a page."""
    cells = []
    for text in re.findall(
        r'<script type="application/json" id="siteplan-\w+">(.*?)</script>', page, re.DOTALL
    ):
        spec = json.loads(text)
        if "n" not in spec:
            continue
        for packed in spec["columns"].values():
            cells += [str(read_back(packed, row)) for row in range(spec["n"])]
    return "\n".join(cells)


def written_forms(page: str) -> str:
    """The page with everything that stands in it in another form: tables, escapes, base64, packed bytes."""
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match.group(1), 16)), page)
    forms = [page, plain.encode("utf-8", "ignore").decode(), unpacked(page)]
    for text in re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", page):
        raw = base64.b64decode(text + "=" * (-len(text) % 4))
        forms.append(raw.decode("utf-8", "ignore"))
        for start in (match.start() for match in re.finditer(b"[\x78\x1f]", raw)):
            packed = zlib.decompressobj(47)
            try:
                forms.append(packed.decompress(raw[start:], 1_000_000).decode("utf-8", "ignore"))
            except zlib.error:
                continue
    return "\n".join(forms)


SECRETS = {
    "tower": ("业主联系人", "东镇路", "秘密靶场乙", "军事设施保护法", "内部版"),
    "public": (
        "业主联系人",
        "东镇路",
        "秘密靶场乙",
        "军事设施保护法",
        "S0001",
        "D0001",
        "P0001",
        "理由3：",
    ),
}


@pytest.mark.parametrize("audience_id", SECRETS)
def test_what_a_reader_must_not_have_is_not_in_the_file(audience_id: str) -> None:
    drawn = draw_proposal(SMALL)
    drawn.proposed.loc[2, "reason"] = "理由：位于秘密靶场乙附近，依据军事设施保护法"
    drawn.proposed.loc[2, "restriction"] = "秘密靶场乙"
    audience = audience_of(drawn.config, audience_id)
    whole = written_forms(map_html(drawn))
    page = written_forms(map_html(drawn, audience=audience, recipient="某铁塔公司", issued="2023-07-01"))
    assert "某铁塔公司 2023-07-01" in page
    for secret in SECRETS[audience_id]:
        assert secret in whole, secret
        assert secret not in page, secret


def test_the_search_for_secrets_sees_through_packing() -> None:
    secret = "业主联系人13800000000"
    packed = base64.b64encode(zlib.compress(secret.encode() * 3)).decode()
    escaped = json.dumps(secret)[1:-1]
    for hidden in (packed, base64.b64encode((secret * 3).encode()).decode(), escaped):
        assert secret not in hidden
        assert secret in written_forms(f"<html>{hidden}</html>")


def test_public_coordinates_are_middles_of_squares(proposal: Proposal) -> None:
    audience = audience_of(proposal.config, "public")
    seen = seen_by(proposal, audience)
    xy = np.column_stack([seen.places.proposed.geometry.x, seen.places.proposed.geometry.y])
    np.testing.assert_allclose(xy % audience.snap_m, audience.snap_m / 2)
    away = np.hypot(
        *(xy - np.column_stack([proposal.places.proposed.geometry.x, proposal.places.proposed.geometry.y])).T
    )
    assert 0 < away.max() <= audience.snap_m / np.sqrt(2) + 1e-6
    degrees = seen.places.proposed.geometry.to_crs("EPSG:4326")
    np.testing.assert_allclose(seen.places.proposed["longitude"], degrees.x, atol=1e-6)
    page = map_html(proposal, audience=audience)
    exact = proposal.places.proposed.iloc[0]
    for value in (exact["longitude"], exact["latitude"], exact["longitude_gcj02"]):
        assert f"{value:.6f}".rstrip("0") not in page
    assert '"footprints"' not in page
    assert '"ranks"' not in page
    assert "uri.amap.com" not in page


def test_the_office_sees_everything_and_has_map_html(proposal: Proposal) -> None:
    names = {each.id: map_name(proposal.config, each) for each in proposal.config.outputs.audiences}
    assert names == {"internal": "map.html", "tower": "map_tower.html", "public": "map_public.html"}
    page = written_forms(map_html(proposal))
    for text in ("业主联系人3", "秘密靶场乙", "军事设施保护法", "D0001"):
        assert text in page
    assert '"watermark":[]' in page
    with pytest.raises(SiteplanError, match="internal, tower, public"):
        audience_of(proposal.config, "铁塔")


def test_only_an_online_build_knows_online_hosts(proposal: Proposal) -> None:
    hosts = ("autonavi", "openstreetmap", "tianditu")
    assert not [host for host in hosts if host in map_html(proposal)]
    page = map_html(proposal, online=True)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    allowed = policy.group(1).removeprefix(CONTENT_POLICY).split()
    tiles = online_tiles(proposal.config, "zh")
    assert [each.key for each in tiles] == ["amap", "osm"]
    assert allowed == [host for each in tiles for host in each.hosts]
    keyed = proposal.config.model_copy(
        update={"outputs": proposal.config.outputs.model_copy(update={"tianditu_key": "K123"})}
    )
    assert "tk=K123" in online_tiles(keyed, "zh")[0].url


# --- scripts --------------------------------------------------------------------------------------------

AFTER_CHROMIUM_80 = (
    r"\.replaceAll\(",
    r"\.at\(",
    r"structuredClone",
    r"\?\?=",
    r"\|\|=",
    r"&&=",
    r"Object\.hasOwn",
    r"\.findLast",
    r"Promise\.any",
    r"\.toSorted",
    r"#[a-z]+\(",
    r"static \{",
    r"\.replaceChildren",
)
STYLE_AFTER_CHROMIUM_80 = (
    r"\binset:",
    r"aspect-ratio:",
    r":has\(",
    r":is\(",
    r":where\(",
    r"@layer",
    r"@container",
    r"\bgap: [^;]*;[^}]*flex",
    r"\d(?:dvh|svh)\b",
    r"color-mix",
    r"overflow: clip",
)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_keep_to_what_chromium_80_knows(name: str) -> None:
    text = asset_bytes(name).decode()
    assert not [each for each in AFTER_CHROMIUM_80 if re.search(each, text)]
    assert "innerHTML" not in text
    assert "outerHTML" not in text
    assert "insertAdjacentHTML" not in text
    assert not re.search(
        r"\beval\(|new Function|document\.write|fetch\(|XMLHttpRequest|WebSocket|sendBeacon", text
    )


def test_style_keeps_to_what_chromium_80_knows() -> None:
    text = asset_bytes("siteplan_map.css").decode()
    assert not [each for each in STYLE_AFTER_CHROMIUM_80 if re.search(each, text)]
