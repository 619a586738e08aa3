"""The wall map: one sheet of its size, every place on it, in the colour of where its work stands today."""

import io
import re
import shutil
from dataclasses import replace

import pandas as pd
import pypdf
import pytest
from worlds.papers import pdf_text, squeezed

import siteplan
from siteplan.api.documents import DocumentOrder, read_view, wallmap
from siteplan.outputs import palette
from siteplan.outputs.documents.view import county_view
from siteplan.outputs.documents.wallmap import _frame, month_name, wallmap_pdf
from siteplan.words.catalogue import translate
from tests.planning.test_replan import answer, filled

MM = 72 / 25.4


def painted(pdf, colour):
    """Whether something on the sheet is filled with a colour."""
    page = pypdf.PdfReader(io.BytesIO(pdf)).pages[0]
    drawing = page.get_contents().get_data().decode("latin-1")
    wanted = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    filled_with = {tuple(map(float, each)) for each in re.findall(r"([\d.]+) ([\d.]+) ([\d.]+) scn", drawing)}
    return any(all(abs(a - b) < 0.003 for a, b in zip(each, wanted, strict=True)) for each in filled_with)


@pytest.mark.parametrize(("paper", "sides"), [("A0", {841, 1189}), ("A1", {594, 841})])
def test_it_is_one_sheet_of_its_size(view, paper, sides):
    (page,) = pypdf.PdfReader(io.BytesIO(wallmap_pdf(view, paper))).pages
    assert {round(float(page.mediabox.width) / MM), round(float(page.mediabox.height) / MM)} == sides


def test_every_place_stands_in_the_list_with_its_number_and_month(view, run):
    text = squeezed(pdf_text(wallmap_pdf(view)))
    listed = text[text.rindex(squeezed(translate("doc_wall_list", "zh"))) :]
    for row in view.proposal.places.proposed.itertuples():
        site = view.sites()[row.candidate_id]
        assert squeezed(str(row.name))[:20] in listed
        assert squeezed(month_name(site.due.month, "zh")) in listed


def test_letters_are_letters_and_their_font_comes_along(view):
    page = pypdf.PdfReader(io.BytesIO(wallmap_pdf(view))).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile3", "/FontFile2"} & set(descriptor)


def test_a_county_s_sheet_names_its_places_and_no_others(view):
    own = county_view(view, "东县")
    text = squeezed(pdf_text(wallmap_pdf(own, "A1")))
    for row in view.proposal.places.proposed.itertuples():
        assert (squeezed(str(row.name))[:12] in text) == (row.county == "东县")


def test_it_is_redrawn_with_the_statuses_of_today(run, tmp_path):
    project = shutil.copytree(run.parent.parent, tmp_path / "项目")
    copy = project / "runs" / "city"
    opened = siteplan.open_project(project)
    first, second = siteplan.read_plan(copy).sites.sort_values("rank")["candidate_id"].tolist()[:2]
    before = wallmap_pdf(read_view(copy, DocumentOrder()))
    rows = {first: answer("在建"), second: answer("业主拒绝", 原因="怕辐射")}
    opened.merge_returns(copy, [filled(copy, tmp_path / "f.xlsx", rows)])
    after = wallmap_pdf(read_view(copy, DocumentOrder()))
    assert not painted(before, palette.STATUSES["BUILDING"])
    assert painted(after, palette.STATUSES["BUILDING"])
    assert painted(after, palette.STATUSES["REFUSED"])
    assert squeezed(f"{translate('status_BUILDING', 'zh')}1") in squeezed(pdf_text(after))


def test_the_same_day_gives_the_same_bytes(view):
    assert wallmap_pdf(view) == wallmap_pdf(view)


def test_it_is_written_whole_into_a_new_folder(run, tmp_path):
    written = wallmap(run, DocumentOrder(out=tmp_path / "wall"), county="西县", paper="A1")
    assert [path.name for path in written.paths] == ["挂图-西县.pdf"]
    assert written.paths[0].read_bytes().startswith(b"%PDF")


def test_a_list_too_long_for_the_sheet_is_counted(view):
    table = view.proposal.places.proposed
    many = pd.concat([table] * (3000 // len(table)), ignore_index=True)
    many["rank"] = range(1, len(many) + 1)
    places = replace(view.proposal.places, proposed=many)
    crowded = replace(view, proposal=replace(view.proposal, places=places), so_far=None)
    frame = _frame(crowded, "A1", len(many))
    assert frame.map_height > 0.15 * frame.height
    assert frame.listed < len(many)
    few = crowded.proposal.places.proposed.head(3)
    assert _frame(crowded, "A1", len(few)).listed == 3
