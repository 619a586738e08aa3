"""The KMZ as Google Earth reads it: KML loses the characters XML 1.0 forbids, nothing else."""

import io
import xml.etree.ElementTree as ET
import zipfile

import numpy as np
import pyogrio
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from pyproj import Geod
from worlds.opened import (
    FORBIDDEN_IN_XML,
    HOSTILE,
    KML,
    OUR_TAGS,
    balloon,
    csv_table,
    lonlats,
    name_of,
    opened_kml,
    pins,
    rings,
    without_forbidden,
)

from siteplan.field.returns import read_returns
from siteplan.outputs.gis.kml import kml_text
from siteplan.outputs.pictures.overview import purposes
from siteplan.words.catalogue import translate


def test_each_candidate_is_one_named_pin_where_the_table_has_it(plan):
    proposal, folder = plan
    marks = pins(opened_kml(folder))
    table = csv_table(folder / "candidates.csv", dtype={"candidate_id": str}).set_index("rank")
    assert sorted(name_of(mark) for mark in marks) == sorted(
        f"{row.rank} {row.name}" for row in proposal.places.proposed.itertuples(index=False)
    )
    for mark in marks:
        data = {
            each.get("name"): each.findtext("k:value", namespaces=KML)
            for each in mark.iterfind("k:ExtendedData/k:Data", KML)
        }
        row = table.loc[int(data["rank"])]
        assert data["candidate_id"] == row["candidate_id"]
        lon, lat, _ = lonlats(mark)[0]
        assert (lon, lat) == (row["longitude"], row["latitude"])


def test_pins_lie_in_a_folder_of_their_county_in_rank_order(plan):
    proposal, folder = plan
    found = {
        (name_of(county), name_of(each)): [name_of(mark) for mark in each.iterfind("k:Placemark", KML)]
        for county in opened_kml(folder).iterfind("k:Document/k:Folder", KML)
        for each in county.iterfind("k:Folder", KML)
        if name_of(each) != "搜索半径（米）" and name_of(county) != "行政村（背景，勿改）"
    }
    expected = {
        (county, "建议"): [f"{row.rank} {row.name}" for row in group.itertuples(index=False)]
        for county, group in proposal.places.proposed.sort_values("rank").groupby("county")
    }
    assert found == expected


def test_search_rings_are_closed_and_as_wide_as_the_table_says(plan):
    """Geodesic distance from the pin to each corner, measured on the ellipsoid, within 1 %."""
    proposal, folder = plan
    marks = rings(opened_kml(folder))
    assert len(marks) == len(proposal.places.proposed)
    table = proposal.places.proposed.set_index("rank")
    for mark in marks:
        row = table.loc[int(name_of(mark).split()[0])]
        corners = lonlats(mark)[:, :2]
        assert (corners[0] == corners[-1]).all()
        assert len(corners) > 30
        centre = np.broadcast_to([row["longitude"], row["latitude"]], corners.shape)
        distance = Geod(ellps="WGS84").inv(*centre.T, *corners.T)[2]
        np.testing.assert_allclose(distance, row["search_radius_m"], rtol=0.01)


def test_every_style_a_pin_asks_for_is_defined(plan):
    root = opened_kml(plan[1])
    defined = {f"#{style.get('id')}" for style in root.iterfind(".//k:Style", KML)}
    asked = {element.text for element in root.iterfind(".//k:styleUrl", KML)}
    assert asked <= defined
    assert len(asked) > 2


def test_the_kml_says_that_the_data_are_synthetic(plan):
    assert "合成数据" in opened_kml(plan[1]).findtext("k:Document/k:description", namespaces=KML)


def test_the_balloon_starts_with_name_and_reason(plan):
    proposal, folder = plan
    reasons = {
        f"{row.rank} {row.name}": row.reason for row in proposal.places.proposed.itertuples(index=False)
    }
    for mark in pins(opened_kml(folder)):
        text = balloon(mark).text
        assert text.startswith(name_of(mark) + reasons[name_of(mark)])
        rank = int(name_of(mark).split()[0])
        assert f"候选编号{proposal.places.proposed.set_index('rank').loc[rank, 'candidate_id']}" in text


def test_a_hostile_project_gives_a_kml_without_a_tag_of_its_own(hostile):
    proposal, folder = hostile
    marks = pins(opened_kml(folder))
    assert len(marks) == len(proposal.places.proposed) > 0
    assert any("<script>" in reason for reason in proposal.places.proposed["reason"])
    assert any("<script>" in balloon(mark).text for mark in marks)
    assert [mark for mark in marks if set(balloon(mark).tags) - OUR_TAGS] == []


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_kml_loses_exactly_the_characters_xml_forbids(with_name, name):
    kept = "".join(sign for sign in name if sign not in FORBIDDEN_IN_XML)
    root = ET.fromstring(kml_text(with_name(name)))
    mark = next(mark for mark in pins(root) if name_of(mark).startswith("1 "))
    assert name_of(mark) == f"1 {kept}"
    values = {
        each.get("name"): each.findtext("k:value", namespaces=KML) for each in mark.iterfind(".//k:Data", KML)
    }
    assert values["reason"] == values["villages_newly_covered_names"] == kept
    shown = balloon(mark)
    assert set(shown.tags) <= OUR_TAGS
    assert shown.text.startswith(f"1 {kept}{kept}")


def test_only_the_escaped_description_is_shown_in_a_balloon(plan):
    """Without a template Google Earth would show the data values, which are not escaped as HTML."""
    templates = [each.text for each in opened_kml(plan[1]).iterfind(".//k:BalloonStyle/k:text", KML)]
    assert len(templates) == len(plan[0].places.proposed) + 3
    assert {template.count("$[") for template in templates} == {1}
    assert all("$[description]" in template for template in templates)


def test_kmz_opens_with_names_statuses_and_rings(run):
    """Read with GDAL and as plain XML."""
    proposal, folder = run
    with zipfile.ZipFile(folder / "candidates.kmz") as archive:
        root = ET.fromstring(archive.read("doc.kml"))
    mark = "{http://www.opengis.net/kml/2.2}"
    data = [
        {each.get("name"): each.findtext(f"{mark}value") for each in pin.iter(f"{mark}Data")}
        for pin in root.iter(f"{mark}Placemark")
        if pin.find(f"{mark}Point") is not None and pin.find(f"{mark}ExtendedData") is not None
    ]
    by_id = {each["candidate_id"]: each for each in data}
    assert set(by_id) == set(proposal.places.proposed["candidate_id"])
    for row in proposal.places.proposed.itertuples():
        assert by_id[row.candidate_id]["reason"] == without_forbidden(row.reason)
        assert by_id[row.candidate_id]["status"] == translate(f"status_{row.status}", "zh")
        assert by_id[row.candidate_id]["run_id"] == proposal.record.run_id
    layers = pyogrio.list_layers(folder / "candidates.kmz")[:, 0]
    shapes = [pyogrio.read_dataframe(folder / "candidates.kmz", layer=layer) for layer in layers]
    rings = sum(int(table.geometry.geom_type.isin(["Polygon"]).sum()) for table in shapes)
    assert rings == len(proposal.places.proposed)


def test_every_picture_a_style_asks_for_lies_inside(plan):
    """Own icons, the rank on each, and a legend; nothing is fetched."""
    proposal, folder = plan
    root = opened_kml(folder)
    with zipfile.ZipFile(folder / "candidates.kmz") as archive:
        names = set(archive.namelist()) - {"doc.kml"}
        asked = {element.text for element in root.iterfind(".//k:href", KML)}
        assert asked == names
        sizes = {name: Image.open(io.BytesIO(archive.read(name))).size for name in names}
    assert {sizes[f"icons/{rank}.png"] for rank in proposal.places.proposed["rank"]} == {(44, 44)}
    assert sizes["icons/legend.png"][0] > 100
    overlay = root.find(".//k:ScreenOverlay", KML)
    assert overlay.findtext("k:Icon/k:href", namespaces=KML) == "icons/legend.png"


def test_pins_have_the_colour_of_what_they_are_for(plan):
    proposal, folder = plan
    wanted = purposes(proposal)
    with zipfile.ZipFile(folder / "candidates.kmz") as archive:
        for row in proposal.places.proposed.itertuples():
            pin = np.asarray(Image.open(io.BytesIO(archive.read(f"icons/{row.rank}.png"))).convert("RGBA"))
            near = np.abs(pin[22, 6, :3].astype(int) - np.array(to_rgb(wanted[row.purpose])) * 255).sum()
            assert near < 60


def test_rings_are_off_until_they_are_switched_on(plan):
    """Google Earth follows the switch of each feature, not that of its folder."""
    for mark in rings(opened_kml(plan[1])):
        assert mark.findtext("k:visibility", namespaces=KML) == "0"
    for mark in pins(opened_kml(plan[1])):
        assert mark.findtext("k:visibility", default="1", namespaces=KML) == "1"


def test_the_background_has_borders_and_villages_and_comes_back_as_nothing(plan):
    proposal, folder = plan
    root = opened_kml(folder)
    folders = {name_of(each): each for each in root.iterfind("k:Document/k:Folder", KML)}
    borders = [name_of(mark) for mark in folders["县界（背景）"].iterfind("k:Placemark", KML)]
    assert borders == proposal.area.counties["county"].tolist()
    state = proposal.effects.villages.set_index("village")["state"]
    shown = [name_of(mark) for mark in folders["行政村（背景，勿改）"].iterfind(".//k:Placemark", KML)]
    assert sorted(shown) == sorted(state[state.ne("covered")].index)
    rows = read_returns(folder / "candidates.kmz", proposal.places.proposed["candidate_id"])
    assert len(rows) == len(proposal.places.proposed)
    assert [row.faults for row in rows if row.faults] == []
