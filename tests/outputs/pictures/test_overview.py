"""The still picture of a plan, for phones that cannot open the page."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from worlds.webmap_world import HOSTILE, SMALL, draw_proposal, with_places, without_ground, without_rows

from siteplan.outputs.pictures import overview
from siteplan.outputs.pictures.overview import overview_png
from siteplan.outputs.webmap import style
from siteplan.planning.proposal import Proposal

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


@pytest.fixture(scope="module")
def proposal() -> Proposal:
    return draw_proposal(SMALL)


def pixels(raw: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(raw)).convert("RGB")).astype(int)


def test_the_picture_has_the_width_asked_for_and_is_always_the_same(proposal: Proposal) -> None:
    raw = overview_png(proposal, width_px=1100)
    assert pixels(raw).shape[1] == 1100
    assert pixels(raw).std() > 20
    assert overview_png(proposal, width_px=1100) == raw


def test_ranked_places_have_the_colour_of_their_source(proposal: Proposal) -> None:
    """The first place of every source_type lies where the map's own scale says."""
    shown = pixels(overview_png(proposal, width_px=2200))
    nobody = with_places(proposal, proposed=proposal.places.proposed.iloc[:0])
    without = pixels(overview_png(nobody, width_px=2200))
    changed = np.abs(shown - without).sum(axis=2) > 60
    for key, colour in style.SOURCE_TYPES.items():
        wanted = np.array(to_rgb(colour)) * 255
        near = (np.abs(shown - wanted).sum(axis=2) < 40) & changed
        assert near.sum() > 60 * proposal.places.proposed["source_type"].eq(key).sum(), key


@pytest.mark.parametrize("font", [True, False])
def test_hostile_and_chinese_names_do_no_harm(font: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Warnings are errors here: a glyph that is missing would be one."""
    if not font:
        monkeypatch.setattr(overview, "chinese_font", lambda: "")
    elif not overview.chinese_font():
        pytest.skip("no Chinese font on this machine")
    for name in (*HOSTILE, "$x^2$ {", "Ωмега ไทย 🗼", "彝ꀀ\ue000⠿\ud800"):
        drawn = draw_proposal(SMALL, city=name)
        assert pixels(overview_png(drawn, width_px=700)).std() > 20


def test_without_a_font_the_picture_says_so(proposal: Proposal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "chinese_font", lambda: "")
    said: list[str] = []
    wrapped = overview._wrapped
    monkeypatch.setattr(overview, "_wrapped", lambda text, wide: said.append(text) or wrapped(text, wide))
    overview_png(proposal, "zh", width_px=600)
    assert "no Chinese font on this machine: names are left out" in said
    assert not [text for text in said if re.search("[\u3000-\u9fff]", text)]
    assert any("≥" in text for text in said)


def test_a_watermark_is_seen(proposal: Proposal) -> None:
    plain = pixels(overview_png(proposal, width_px=900))
    marked = pixels(overview_png(proposal, watermark=["给某公司", "2023-07-01"], width_px=900))
    assert (np.abs(plain - marked).sum(axis=2) > 15).mean() > 0.002


def test_empty_tables_and_no_relief_still_give_a_picture(proposal: Proposal) -> None:
    bare = without_ground(without_rows(proposal))
    assert pixels(overview_png(bare, width_px=700)).std() > 10


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("word " * 20, ["word " * 12, "word " * 8]),
        ("字" * 40, ["字" * 30, "字" * 10]),
    ],
)
def test_lines_break_between_words_and_characters(text: str, lines: list[str]) -> None:
    assert overview._wrapped(text, True) == lines
