"""Site cards: a page and a picture a place, with what its reader may know and what is to be signed."""

import io

import numpy as np
import pytest
from PIL import Image
from worlds.papers import pdf_pages, squeezed

from siteplan.api.documents import DocumentOrder, cards
from siteplan.core.errors import SiteplanError
from siteplan.outputs.documents.cards import site_cards
from siteplan.radio.links import fresnel_clearance
from siteplan.words.catalogue import translate


@pytest.fixture(scope="module")
def sheaves(view):
    return list(site_cards(view))


def test_every_place_has_a_page_in_the_file_of_its_county(sheaves, view):
    table = view.proposal.places.proposed
    assert {sheaf.county for sheaf in sheaves} == set(table["county"])
    for sheaf in sheaves:
        own = table[table["county"].eq(sheaf.county)].sort_values("rank")
        pages = pdf_pages(sheaf.pdf)
        assert len(pages) == len(own) == len(sheaf.pictures)
        for page, row in zip(pages, own.itertuples(), strict=True):
            text = squeezed(page)
            assert row.candidate_id in text
            for value in (row.longitude, row.latitude, row.longitude_gcj02, row.latitude_gcj02):
                assert f"{value:.6f}" in text
            assert squeezed(str(row.reason))[:60] in text
            assert squeezed(translate("doc_sign_owner", "zh")) in text


def test_pictures_are_as_wide_as_a_phone(sheaves):
    for sheaf in sheaves:
        for picture in sheaf.pictures.values():
            assert Image.open(io.BytesIO(picture)).width in (1080, 1081)


def test_the_sight_line_says_what_the_formula_says(sheaves, view):
    receiver = view.proposal.config.coverage.receiver_height_m
    rows = view.proposal.places.proposed.set_index("rank")
    text = squeezed("".join(page for sheaf in sheaves for page in pdf_pages(sheaf.pdf)))
    lines = view.proposal.places.sight_lines
    verdicts = set()
    for line in lines[lines["distance_m"] > 0].itertuples():
        ground = np.array(line.heights_m, float)
        ends = ground[0] + rows.loc[line.rank, "antenna_height_m"], ground[-1] + receiver
        at = np.linspace(0, line.distance_m, len(ground))
        spare = fresnel_clearance(at, ground, ends, line.frequency_mhz / 1000, 4 / 3)
        verdicts.add(bool((spare >= 0).all()))
    assert (squeezed(translate("map.sight_clear", "zh")) in text) == (True in verdicts)


def test_only_the_first_ranks_when_asked(view):
    pages = [page for sheaf in site_cards(view, 2, pictures=False) for page in pdf_pages(sheaf.pdf)]
    assert len(pages) == 2


def test_no_pictures_when_none_are_asked_for(run, tmp_path):
    written = cards(run, DocumentOrder(out=tmp_path / "cards"), top=1, pictures=False)
    assert [path.suffix for path in written.paths] == [".pdf"]


def test_files_and_folders_are_named_by_county(run, tmp_path):
    written = cards(run, DocumentOrder(out=tmp_path / "cards"), county="西县", top=3)
    names = [path.relative_to(tmp_path / "cards").as_posix() for path in written.paths]
    assert names[0] == "西县.pdf"
    assert all(name.startswith("西县/") for name in names[1:])
    assert len(names) > 1


def test_a_list_without_places_has_no_cards_and_leaves_no_folder(nothing, tmp_path):
    with pytest.raises(SiteplanError) as error:
        cards(nothing[1], DocumentOrder(out=tmp_path / "cards"))
    assert error.value.key == "no_cards"
    assert not (tmp_path / "cards").exists()
