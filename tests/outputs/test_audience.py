"""What leaves the office is an allow-list: a field nobody allowed is in no file for partners or the public."""

import zipfile
from dataclasses import replace

import pytest
from worlds.opened import LIST
from worlds.written_forms import written_forms

import siteplan
from siteplan.outputs.write import MapOrder, write_all

TELLTALE = "TELLTALE-7391"
OWNER, ADDRESS = "OWNER-5127", "ADDRESS-8246"
INTERNAL = ("map.html", "candidates.gpkg")
"""Files of the office, in which the same search must find what it looks for."""
EXTERNAL = (
    "map_tower.html",
    "map_public.html",
    "candidates.kmz",
    LIST,
    "shapefile",
    "mapinfo",
    "candidates.geojson",
    "candidates.dxf",
    "candidates_ovital.txt",
)


def with_telltale(table):
    """A table with a column its writers have never heard of."""
    return table.assign(secret_note=[f"{TELLTALE} {number}" for number in range(len(table))])


@pytest.fixture(scope="module")
def folder(planned_city, tmp_path_factory):
    """The plan with an unknown field in every table, and owner and address at every property."""
    plan = siteplan.read_plan(planned_city / "runs" / "city").proposal
    properties = plan.area.properties.assign(
        owner=[f"{OWNER} {number}" for number in range(len(plan.area.properties))],
        address=[f"{ADDRESS} {number}" for number in range(len(plan.area.properties))],
    )
    told = replace(
        plan,
        area=replace(plan.area, properties=with_telltale(properties)),
        existing=replace(plan.existing, sites=with_telltale(plan.existing.sites)),
        places=replace(
            plan.places,
            proposed=with_telltale(plan.places.proposed),
            candidates=with_telltale(plan.places.candidates),
        ),
        effects=replace(plan.effects, villages=with_telltale(plan.effects.villages)),
    )
    target = tmp_path_factory.mktemp("audience")
    order = MapOrder(audiences=("internal", "tower", "public"), recipient="甲公司", issued="2023-07-01")
    write_all(told, target, "zh", order)
    return target


def contents(path):
    """Everything a file or folder holds, archives unpacked, as text in every encoding that is written."""
    if path.is_dir():
        return "\n".join(contents(each) for each in sorted(path.rglob("*")) if each.is_file())
    if path.suffix in {".kmz", ".xlsx"}:
        with zipfile.ZipFile(path) as archive:
            raw = b"\n".join(archive.read(name) for name in archive.namelist())
    else:
        raw = path.read_bytes()
    text = "\n".join(raw.decode(code, "ignore") for code in ("utf-8", "gbk", "utf-16-le"))
    return written_forms(text) if path.suffix == ".html" else text


@pytest.mark.parametrize("name", INTERNAL)
def test_the_search_finds_the_field_where_the_office_has_it(folder, name):
    """Without this, an empty search would prove nothing."""
    assert (TELLTALE if name.endswith("gpkg") else OWNER) in contents(folder / name)


@pytest.mark.parametrize("name", EXTERNAL)
def test_an_unknown_field_is_in_no_file_that_leaves_the_office(folder, name):
    assert (folder / name).exists()
    assert TELLTALE not in contents(folder / name)
    assert "secret_note" not in contents(folder / name)
    assert "secret_not" not in contents(folder / name).lower()


@pytest.mark.parametrize("name", EXTERNAL)
def test_owners_are_in_no_file_that_leaves_the_office(folder, name):
    assert OWNER not in contents(folder / name)


def test_the_tower_company_sees_addresses_and_the_public_does_not(folder):
    """It has to go there."""
    assert ADDRESS in contents(folder / "map_tower.html")
    assert ADDRESS not in contents(folder / "map_public.html")


def test_every_file_of_a_run_is_the_offices_or_was_searched(folder):
    """A format that is added later must be put on one of the two lists."""
    office = {
        "candidates.csv",
        "refused.csv",
        "villages.csv",
        "rejected_rows.csv",
        "tests.csv",
        "规划明细.xlsx",
        "candidates.gpkg",
        "gaps.gpkg",
        "map.html",
        "map.png",
        "map_a4.png",
    }
    pictures = {f"map_{each}{form}.png" for each in ("tower", "public") for form in ("", "_a4")}
    rasters = {path.name for path in folder.glob("*.tif")}
    assert {path.name for path in folder.iterdir()} - office - pictures - rasters == set(EXTERNAL)
