"""The still pictures of a plan: what WeChat shows, and an A4 sheet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontManager
from PIL import Image
from worlds.webmap_world import HOSTILE, SMALL, draw_proposal, with_places, without_ground, without_rows

from siteplan.outputs import palette
from siteplan.outputs.pictures import fonts
from siteplan.outputs.pictures.ground import generalised
from siteplan.outputs.pictures.overview import SHEETS, Form, overview_png, thumbnail
from siteplan.outputs.webmap.rasters import tone_names
from siteplan.planning.proposal import Proposal

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@pytest.fixture(scope="module")
def proposal() -> Proposal:
    return draw_proposal(SMALL)


def pixels(raw: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB")).astype(int)


@pytest.mark.parametrize("form", SHEETS)
def test_a_picture_has_the_size_of_its_form_and_is_always_the_same(proposal: Proposal, form: Form) -> None:
    raw = overview_png(proposal, form=form)
    assert pixels(raw).shape[:2] == (SHEETS[form].height, SHEETS[form].width)
    assert pixels(raw).std() > 20
    assert overview_png(proposal, form=form) == raw


def test_the_forms_are_a_phone_and_a_sheet_of_a4() -> None:
    assert (SHEETS["portrait"].width, SHEETS["portrait"].height) == (1080, 1920)
    landscape = SHEETS["landscape"]
    assert landscape.width / landscape.height == pytest.approx(297 / 210, rel=1e-3)


def test_ranked_places_have_the_colour_of_what_they_are_for(proposal: Proposal) -> None:
    shown = pixels(overview_png(proposal, form="landscape"))
    nobody = with_places(proposal, proposed=proposal.places.proposed.iloc[:0])
    without = pixels(overview_png(nobody, form="landscape"))
    changed = np.abs(shown - without).sum(axis=2) > 60
    for layer, colour in zip(proposal.config.layers, palette.PURPOSES, strict=False):
        wanted = np.array(to_rgb(colour)) * 255
        near = (np.abs(shown - wanted).sum(axis=2) < 40) & changed
        assert near.sum() > 60 * proposal.places.proposed["purpose"].eq(layer.name).sum(), layer.name


def test_what_changes_is_painted_in_the_strong_colour(proposal: Proposal) -> None:
    """The picture of a plan that adds nothing has no green ground."""
    unchanged = with_places(proposal, proposed=proposal.places.proposed.iloc[:0])
    strong = np.array(to_rgb(palette.NEW)) * 255
    green = [
        (
            np.abs(pixels(overview_png(each, form="landscape"))[250:1600, 30:1560] - strong).sum(axis=2) < 60
        ).mean()
        for each in (unchanged, _without_change(unchanged))
    ]
    assert green[0] > 0.05
    assert green[1] < 0.002


def _without_change(proposal: Proposal) -> Proposal:
    from dataclasses import replace  # noqa: PLC0415

    villages = proposal.effects.villages.assign(state="covered")
    effects = replace(proposal.effects, coverage=proposal.existing.coverage, villages=villages)
    return replace(proposal, effects=effects)


@pytest.mark.parametrize("form", SHEETS)
def test_hostile_and_chinese_names_do_no_harm(form: Form) -> None:
    """Warnings are errors here: a glyph that is missing would be one."""
    for name in (*HOSTILE, "$x^2$ {", "Ωмега ไทย 🗼", "彝ꀀ\ue000⠿\ud800"):
        drawn = draw_proposal(SMALL, city=name)
        assert pixels(overview_png(drawn, form=form)).std() > 20


def test_no_glyph_is_missing_on_a_machine_without_fonts(
    proposal: Proposal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one font of the machine is known, and every character is drawn by the font that comes along."""
    bare = FontManager(size=None)
    bare.ttflist = [font for font in bare.ttflist if str(mpl.get_data_path()) in str(font.fname)]
    monkeypatch.setattr("matplotlib.font_manager.fontManager", bare)
    with_fonts = overview_png(proposal)
    assert fonts.drawable("韶关市乳源瑶族自治县①→≥￥") == "韶关市乳源瑶族自治县①→≥￥"
    assert pixels(with_fonts).std() > 20


def test_the_font_speaks_simplified_chinese() -> None:
    face = fonts.look(10)["fontproperties"].get_file()
    assert Path(str(face)).name == "NotoSansCJK-Regular.ttc"
    assert face.face_index > 0


def test_lines_are_no_wider_than_asked() -> None:
    text = "各县（市、区）通5G行政村 Lechang county, 1,434 of 1,468 villages"
    for width in (60.0, 120.0, 200.0):
        lines = fonts.wrapped(text, 10.0, width)
        assert "".join(lines) == text
        assert all(fonts.width_of(line.rstrip(), 10.0) <= width for line in lines)


def test_blocks_show_what_matters_most_and_lose_nothing_new() -> None:
    rng = np.random.default_rng(0)
    names = tone_names(np.arange(256, dtype=np.uint8))
    known = np.flatnonzero(names != "").astype(np.uint8)
    codes = np.where(rng.random((50, 43)) < 0.3, rng.choice(known[known % 128 < 108], (50, 43)), 0).astype(
        np.uint8
    )
    blocks = generalised(codes, 4)
    assert blocks.shape == (13, 11)
    for row, col in np.ndindex(blocks.shape):
        have = set(names[codes[4 * row : 4 * row + 4, 4 * col : 4 * col + 4]].ravel())
        best = next((n for n in ("new", "lost", "gap", "gap_part", "new_empty") if n in have), None)
        shown = str(names[blocks[row, col]])
        assert shown == best if best else shown in have
    np.testing.assert_array_equal(generalised(codes, 1), codes)


def test_colours_with_a_meaning_are_exact(proposal: Proposal) -> None:
    shown = {tuple(each) for each in pixels(overview_png(proposal)).reshape(-1, 3)}
    for colour in (palette.PAPER, palette.NEW, palette.GAP, palette.PURPOSES[0], palette.PURPOSES[1]):
        assert tuple(round(255 * part) for part in to_rgb(colour)) in shown, colour


def test_a_thumbnail_is_small(proposal: Proposal) -> None:
    raw = thumbnail(overview_png(proposal), 360)
    assert Image.open(io.BytesIO(raw)).size == (360, 640)
    assert len(raw) < 60_000


def test_a_watermark_is_seen(proposal: Proposal) -> None:
    plain = pixels(overview_png(proposal))
    marked = pixels(overview_png(proposal, watermark=["给某公司", "2023-07-01"]))
    assert (np.abs(plain - marked).sum(axis=2) > 15).mean() > 0.002


@pytest.mark.parametrize("without", [without_ground, without_rows])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_plan_without_much_is_drawn(without: Any, lang: Any) -> None:
    drawn = without(draw_proposal(SMALL, lang=lang))
    assert pixels(overview_png(drawn, lang)).std() > 10
