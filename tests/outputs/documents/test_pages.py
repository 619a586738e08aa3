"""Pages of counties and towns: their own places and villages, nobody else's, on one page."""

import pytest
from worlds.papers import pdf_pages, squeezed, text_of

import siteplan
from siteplan.api.documents import DocumentOrder, report
from siteplan.core.errors import SiteplanError
from siteplan.outputs.documents.numbers import count
from siteplan.outputs.documents.view import county_view, town_view


def page_of(run, target, **part):
    """Files of a page by ending."""
    return {path.suffix: path for path in report(run, DocumentOrder(out=target), **part).paths}


@pytest.mark.parametrize("county", ["西县", "东县"])
def test_a_county_has_its_own_places_and_no_others(run, tmp_path, county):
    files = page_of(run, tmp_path / "page", county=county)
    sites = siteplan.read_plan(run).sites
    for ending in (".docx", ".pdf", ".html"):
        text = text_of(files[ending])
        shown = {each for each in sites["candidate_id"] if each in text}
        own = sites[sites["county"].eq(county)].sort_values("rank")["candidate_id"]
        assert shown == set(own.head(10))
        row = siteplan.read_plan(run).proposal.effects.counties.set_index("county").loc[county]
        assert squeezed(f"{count(row.quota)} / {count(row.built)}") in text


def test_a_page_is_one_page_and_comes_as_a_picture(run, tmp_path):
    files = page_of(run, tmp_path / "page", county="西县")
    assert len(pdf_pages(files[".pdf"])) == 1
    assert files[".png"].read_bytes().startswith(b"\x89PNG")


def test_a_county_is_known_by_its_code_too(view):
    code = next(iter(view.county_names()))
    assert county_view(view, code).county == view.county_names()[code]


def test_a_town_has_its_villages(run, view, tmp_path):
    villages = view.proposal.effects.villages
    town = next(each for each in villages["town"] if each)
    county = villages.loc[villages["town"].eq(town), "county"].iloc[0]
    text = text_of(page_of(run, tmp_path / "page", town=town, county=county)[".pdf"])
    own = villages[villages["town"].eq(town) & villages["county"].eq(county)]
    assert all(squeezed(name) in text for name in own["village"])
    others = set(villages["village"]) - set(own["village"])
    rows = text[text.rindex(squeezed("行政村")) :]
    assert not [name for name in others if squeezed(name) in rows]


@pytest.mark.parametrize(
    ("part", "key"), [({"county": "西具"}, "unknown_county"), ({"town": "没有镇"}, "unknown_town")]
)
def test_an_unknown_part_is_answered_with_the_likest(run, tmp_path, part, key):
    with pytest.raises(SiteplanError) as error:
        report(run, DocumentOrder(out=tmp_path / "page"), **part)
    assert error.value.key == key
    assert error.value.values["found"]
    assert not (tmp_path / "page").exists()


def test_a_town_of_two_counties_asks_for_its_county(view):
    villages = view.proposal.effects.villages.assign(town="同名镇")
    from dataclasses import replace  # noqa: PLC0415 - used here only

    proposal = replace(view.proposal, effects=replace(view.proposal.effects, villages=villages))
    both = replace(view, proposal=proposal)
    with pytest.raises(SiteplanError) as error:
        town_view(both, "同名镇")
    assert error.value.key == "town_in_several_counties"
    assert town_view(both, "同名镇", "东县").county == "东县"
