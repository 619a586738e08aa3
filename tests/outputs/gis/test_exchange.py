"""The list in the formats of other programs, opened by readers of their own and compared value by value."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pyogrio
import shapefile
import shapely
from worlds.opened import holds, without_forbidden

from siteplan.outputs.gis.exchange import write_old
from siteplan.project.columns import columns_of, readable
from siteplan.words.catalogue import translate

SHORT = {
    column.name: column.short
    for column in columns_of("proposed")
    if column.name in readable("proposed", "tower")
}
"""Columns that leave the office, with their short names."""


def test_shapefile_opens_with_every_value(run):
    """Read with pyshp; a sign that GBK has not makes all text UTF-8, and the .cpg says so."""
    proposal, folder = run
    code = (folder / "shapefile" / "candidates.cpg").read_text()
    assert code == "UTF-8"
    with shapefile.Reader(str(folder / "shapefile" / "candidates.shp"), encoding=code) as reader:
        names = [each[0] for each in reader.fields[1:]]
        records, points = reader.records(), [shape.points[0] for shape in reader.shapes()]
    assert names == [SHORT[name] for name in readable("proposed", "tower")]
    for record, point, (_, want) in zip(records, points, proposal.places.proposed.iterrows(), strict=True):
        assert [n for n in SHORT if not holds(record[SHORT[n]], without_forbidden(want[n]))] == []
        assert np.allclose(point, [want.geometry.x, want.geometry.y])


def test_text_of_china_is_in_gbk_and_long_text_is_cut_between_signs(run, tmp_path):
    proposal, _ = run
    table = proposal.places.proposed.assign(name="坪石镇", reason="很长的理由" * 40)
    write_old(replace(proposal, places=replace(proposal.places, proposed=table)), tmp_path, "shapefile")
    assert (tmp_path / "candidates.cpg").read_text() == "GBK"
    with shapefile.Reader(str(tmp_path / "candidates.shp"), encoding="gbk") as reader:
        text = reader.records()[0]["REASON"]
    assert text == ("很长的理由" * 40)[:126] + "…"
    rows = list(
        csv.DictReader(
            io.StringIO((tmp_path / translate("file_fields", "zh")).read_bytes().decode("utf-8-sig"))
        )
    )
    assert {row["字段"]: int(row["截断的文本数"]) for row in rows}["REASON"] == len(table)


def test_short_names_are_ten_ascii_letters_and_differ():
    short = [column.short for column in columns_of("proposed")]
    assert len(set(short)) == len(short)
    assert all(name.isascii() and 0 < len(name) <= 10 for name in short)


def test_mapinfo_opens_with_every_value(run):
    proposal, folder = run
    table = pyogrio.read_dataframe(folder / "mapinfo" / "candidates.mif")
    assert table.crs is not None
    assert set(table.columns) == {*SHORT.values(), "geometry"}
    for (_, row), (_, want) in zip(table.iterrows(), proposal.places.proposed.iterrows(), strict=True):
        assert [n for n in SHORT if not holds(row[SHORT[n]], without_forbidden(want[n]))] == []


def test_geojson_opens_with_every_value(run):
    proposal, folder = run
    data = json.loads((folder / "candidates.geojson").read_text(encoding="utf-8"))
    for feature, (_, want) in zip(data["features"], proposal.places.proposed.iterrows(), strict=True):
        assert set(feature["properties"]) == set(SHORT)
        properties = {key: "" if value is None else value for key, value in feature["properties"].items()}
        assert [n for n in SHORT if not holds(properties[n], without_forbidden(want[n]))] == []
        assert np.allclose(feature["geometry"]["coordinates"][:2], [want.longitude, want.latitude], atol=1e-6)


def test_ovital_text_has_name_longitude_latitude_and_remark(run):
    proposal, folder = run
    lines = (folder / "candidates_ovital.txt").read_bytes().decode("utf-8-sig").split("\r\n")[:-1]
    for line, row in zip(lines, proposal.places.proposed.itertuples(), strict=True):
        name, lon, lat, remark = line.split(" ")
        assert name == f"{row.rank}_{without_forbidden(row.name)}".replace(" ", "\u3000")
        assert (float(lon), float(lat)) == (row.longitude, row.latitude)
        assert remark.startswith(f"{row.candidate_id}_建议_")


def test_dxf_opens_with_points_rings_and_readable_text(run):
    """Read with GDAL: metres of the project, Chinese as it is."""
    proposal, folder = run
    table = gpd.GeoDataFrame(pyogrio.read_dataframe(folder / "candidates.dxf"))
    points = table[table["Layer"].eq("SITE_POINT")].geometry
    for point, want in zip(points, proposal.places.proposed.geometry, strict=True):
        assert np.allclose(shapely.get_coordinates(point), shapely.get_coordinates(want), atol=0.01)
    ids = table.loc[table["Layer"].eq("SITE_ID"), "Text"].tolist()
    assert ids == proposal.places.proposed["candidate_id"].tolist()
    names = table.loc[table["Layer"].eq("SITE_NAME"), "Text"].tolist()
    assert names[0].startswith("1 ")
    assert any("单引" in name for name in names)
    widths = table[table["Layer"].eq("SEARCH_RING")].geometry.bounds
    assert np.allclose(
        widths["maxx"] - widths["minx"], 2.0 * proposal.places.proposed["search_radius_m"], rtol=0.01
    )
