"""The check command, and the one clear message that a broken input gets."""

import html

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner
from worlds.opened import csv_table
from worlds.two_counties import edit_stations, lonlat, write_raster, write_sheet, write_toml

from siteplan.cli.commands import app
from siteplan.core.errors import InputFaults
from siteplan.outputs.wording import error_text
from siteplan.planning import pipeline
from siteplan.project.project_file import load_config

RUNNER = CliRunner()
ADDRESSES = "待核地址.xlsx"


def loaded(folder):
    return pipeline.load(folder, load_config(folder))


def drop_column(folder):
    edit_stations(folder, lambda frame: frame.drop(columns="网络"))


def text_in_coordinate(folder):
    edit_stations(
        folder, lambda frame: frame.assign(经度=[*frame["经度"][:1], "约113.5", *frame["经度"][2:]])
    )


def swap_lonlat(folder):
    edit_stations(folder, lambda frame: frame.rename(columns={"经度": "纬度", "纬度": "经度"}))


def duplicate_id(folder):
    edit_stations(folder, lambda frame: frame.assign(基站编号=["S1", "S1", *frame["基站编号"][2:]]))


def empty_sheet(folder):
    write_sheet(folder / "site_plan.xlsx", pd.DataFrame({"规划编号": [], "经度": [], "纬度": []}))


def unknown_county(folder):
    write_toml(folder, {"quota.targets.0.county": "南县"})


def no_crs(folder):
    villages = gpd.read_file(folder / "villages.gpkg")
    (folder / "villages.gpkg").unlink()
    villages.to_file(folder / "villages.shp", encoding="gb18030")
    (folder / "villages.prj").unlink()
    write_toml(folder, {"inputs.villages.path": "villages.shp"})


def dem_elsewhere(folder):
    write_raster(folder / "dem.tif", np.full((100, 100), 300, np.float32), 30.0)


def built_above_quota(folder):
    write_toml(folder, {f"quota.targets.{n}.stations": 0 for n in (1, 2, 3)})


def negative_height(folder):
    edit_stations(folder, lambda frame: frame.assign(挂高=["-35", *frame["挂高"][1:]]))


BROKEN = [
    (drop_column, 1, ["stations.csv", "network", "project.toml"]),
    (text_in_coordinate, 0, ["stations.csv", "行 3", "经度", "约113.5"]),
    (swap_lonlat, 1, ["stations.csv", "行 2", "颠倒"]),
    (duplicate_id, 0, ["stations.csv", "行 3", "基站编号", "S1", "重复"]),
    (empty_sheet, 1, ["site_plan.xlsx", "数据", "没有数据行"]),
    (unknown_county, 1, ["南县", "西县", "东县"]),
    (no_crs, 1, ["villages.shp", "CRS"]),
    (dem_elsewhere, 1, ["dem.tif", "覆盖"]),
    (built_above_quota, 0, ["project.toml", "超出", "西县"]),
    (negative_height, 0, ["stations.csv", "行 2", "挂高", "-35"]),
]


@pytest.mark.parametrize(("breakage", "code", "said"), BROKEN, ids=[row[0].__name__ for row in BROKEN])
def test_a_broken_input_gets_one_clear_message(two_counties, tmp_path, breakage, code, said):
    breakage(two_counties)
    result = RUNNER.invoke(app, ["plan", str(two_counties), "--out", str(tmp_path / "out" / "run")])
    assert result.exit_code == code, result.output
    line = next((line for line in result.output.splitlines() if all(word in line for word in said)), None)
    assert line is not None, result.output
    whole = {path.name for path in (tmp_path / "out").glob("*")}
    assert whole == ({"run"} if code == 0 else set())


def test_a_rejected_row_is_written_out_with_its_content(two_counties, tmp_path):
    negative_height(two_counties)
    RUNNER.invoke(app, ["plan", str(two_counties), "--out", str(tmp_path / "run")])
    rows = csv_table(tmp_path / "run" / "rejected_rows.csv", dtype=str)
    assert rows[["table", "row", "column"]].to_numpy().tolist() == [["stations", "2", "挂高"]]
    assert "基站编号=S1" in rows["content"].iloc[0]


def test_faults_of_all_tables_are_shown_together(two_counties):
    drop_column(two_counties)
    empty_sheet(two_counties)
    with pytest.raises(InputFaults) as caught:
        loaded(two_counties)
    fatal = [fault for fault in caught.value.faults if fault.severity == "fatal"]
    assert {fault.file for fault in fatal} == {"stations.csv", "site_plan.xlsx"}
    assert "is missing" in error_text(caught.value, "en")


def test_check_lists_faults_and_exits_3_when_a_row_is_left_out(two_counties):
    assert RUNNER.invoke(app, ["check", str(two_counties)]).exit_code == 0
    negative_height(two_counties)
    result = RUNNER.invoke(app, ["check", str(two_counties), "--lang", "en"])
    assert result.exit_code == 3
    assert "row 2" in result.output


def test_check_exits_1_when_nothing_can_be_planned(two_counties):
    drop_column(two_counties)
    result = RUNNER.invoke(app, ["check", str(two_counties), "--lang", "en"])
    assert result.exit_code == 1
    assert "is missing" in result.output


def test_an_unknown_county_on_the_command_line_names_the_known_ones(two_counties):
    result = RUNNER.invoke(app, ["plan", str(two_counties), "--county", "北县"])
    assert result.exit_code == 1
    assert "西县、东县" in result.output


# --- what a check leaves for a person -------------------------------------------------------------


def addressed(folder, rows):
    """The tiny project with opened properties that have addresses only."""
    write_sheet(folder / "properties.xlsx", pd.DataFrame(rows, columns=["序号", "基站地址", "物业所属单位"]))
    return folder


def test_doubtful_addresses_are_chosen_by_a_person_and_read_back(two_counties, tmp_path):
    addressed(two_counties, [(1, "东县某路5号", "乙"), (2, "东县另一条路", "乙"), (3, "东县第三条路", "乙")])
    out = tmp_path / "out"
    result = RUNNER.invoke(app, ["check", str(two_counties), "--out", str(out)])
    assert result.exit_code == 0, result.output
    book = openpyxl.load_workbook(out / ADDRESSES)
    page = book.worksheets[0]
    at = {cell.value: cell.column for cell in page[1]}
    assert page.max_row == 4
    lon, lat = lonlat(12_345, 6_789)
    page.cell(2, at["实际经度"], lon)
    page.cell(2, at["实际纬度"], lat)
    page.cell(3, at["备选1经度"], lon)
    page.cell(3, at["备选1纬度"], lat)
    page.cell(3, at["备选1半径"], 400)
    page.cell(3, at["选择"], 1)
    page.cell(4, at["选择"], 7)
    book.save(two_counties / ADDRESSES)
    write_toml(two_counties, {"inputs.located": {"path": ADDRESSES}})
    inputs = loaded(two_counties)
    table = inputs.properties.set_index("property_id")
    assert table["location_grade"].to_dict() == {"1": "A", "2": "B", "3": "D"}
    assert table["location_radius_m"]["2"] == 400.0
    assert table.geometry["1"].distance(table.geometry["2"]) < 0.5
    assert "choice_unclear" in {fault.problem for fault in inputs.faults}


def test_a_fatal_fault_still_leaves_the_list_and_the_page(two_counties, tmp_path):
    (two_counties / "stations.csv").write_bytes(b"")
    out = tmp_path / "out"
    result = RUNNER.invoke(app, ["check", str(two_counties), "--out", str(out), "--lang", "en"])
    assert result.exit_code == 1
    faults = pd.read_excel(out / "faults.xlsx", dtype=str, engine="calamine")
    assert faults[["severity", "file"]].to_numpy().tolist()[0] == ["fatal", "stations.csv"]
    page = html.unescape((out / "health.html").read_text(encoding="utf-8"))
    assert "cannot be planned" in page
    assert "default-src 'none'" in page


def test_the_same_file_mended_passes(two_counties, tmp_path):
    path = two_counties / "stations.csv"
    good = path.read_bytes()
    spoilt = pd.read_csv(path, encoding="gb18030", dtype=str)
    spoilt.loc[0, "挂高"] = "三十"
    spoilt.to_csv(path, index=False, encoding="gb18030")
    assert RUNNER.invoke(app, ["check", str(two_counties), "--out", str(tmp_path / "a")]).exit_code == 3
    path.write_bytes(good)
    assert RUNNER.invoke(app, ["check", str(two_counties), "--out", str(tmp_path / "b")]).exit_code == 0


def test_user_text_is_inert_on_the_page_and_in_the_list(two_counties, tmp_path):
    path = two_counties / "stations.csv"
    table = pd.read_csv(path, encoding="gb18030", dtype=str)
    table.loc[0, "挂高"] = "=1+1<script>alert(1)</script>"
    table.to_csv(path, index=False, encoding="gb18030")
    RUNNER.invoke(app, ["check", str(two_counties), "--out", str(tmp_path / "a")])
    assert "<script>alert" not in (tmp_path / "a" / "数据体检.html").read_text(encoding="utf-8")
    cells = [
        cell
        for row in openpyxl.load_workbook(tmp_path / "a" / "数据问题清单.xlsx").worksheets[0].iter_rows()
        for cell in row
    ]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert any(str(cell.value).startswith("=1+1") for cell in cells)
