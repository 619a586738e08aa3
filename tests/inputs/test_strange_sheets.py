"""Cells that look blank and are not, hidden rows, headers in another order, ids, dates and units."""

import re
import zipfile

import openpyxl
import pandas as pd
import pytest
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet
from worlds.two_counties import SITE_PLAN, lonlat, write_toml

from siteplan.inputs.files.marks import marks_of
from siteplan.inputs.load import examine
from siteplan.project.project_file import load_config

PLAN_HEAD = ["规划编号", "站址名称", "建设状态", "网络", "挂高", "经度", "纬度"]


def plan_rows():
    east, north = zip(*((row[5], row[6]) for row in SITE_PLAN), strict=True)
    lon, lat = lonlat(east, north)
    return [[*row[:5], float(x), float(y)] for row, x, y in zip(SITE_PLAN, lon, lat, strict=True)]


def write_plan(folder, rows, head=PLAN_HEAD, edit=lambda sheet: None, file="site_plan.xlsx"):
    """The site plan as a workbook, its sheet edited before it is saved."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    for row in [head, *rows]:
        sheet.append(row)
    edit(sheet)
    book.save(folder / file)


def seen(folder, table="site_plan", **changes):
    """Table as read, and (problem, severity, row, column) of what is not a note."""
    if changes:
        write_toml(folder, {name.replace("__", "."): value for name, value in changes.items()})
    found = examine(folder, load_config(folder))
    faults = [
        (fault.problem, fault.severity, fault.row, fault.column)
        for fault in found.faults
        if fault.table == table and fault.severity != "note"
    ]
    return None if found.inputs is None else getattr(found.inputs, table), faults


def spoil_cells(path, pattern, replacement):
    """Cells of the first sheet as another program would have written them."""
    whole = path.with_suffix(".tmp")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(whole, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content, count = re.subn(pattern, replacement, content)
                assert count, "nothing to spoil"
            target.writestr(name, content)
    whole.replace(path)


@pytest.mark.parametrize("column", ["建设状态", "规划编号", "经度", "纬度"])
def test_a_formula_nobody_computed_rejects_a_row_that_hangs_on_it(two_counties, column):
    rows, at = plan_rows(), PLAN_HEAD.index(column)
    value = rows[1][at]
    rows[1][at] = f'=IF(1,"{value}","")'
    write_plan(two_counties, rows)
    table, faults = seen(two_counties)
    assert ("unread_cell", "rejected", 3, column) in faults
    assert "P2" not in set(table["plan_id"])
    assert len(table) == 4


def test_elsewhere_it_warns_with_cell_and_formula(two_counties):
    rows = plan_rows()
    rows[1][4], rows[2][4] = "=B2*2", "=VLOOKUP(A4,总表!A:C,3,0)"
    write_plan(two_counties, rows)
    found = examine(two_counties, load_config(two_counties))
    (fault,) = (each for each in found.faults if each.problem == "unread_column")
    assert (fault.severity, fault.row, fault.column) == ("warning", 3, "挂高")
    assert (fault.values["count"], fault.values["found"], fault.values["value"]) == (2, ("3", "4"), "=B2*2")
    assert found.inputs.site_plan.set_index("plan_id")["antenna_height_m"].isna()[["P2", "P3"]].all()


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?"])
def test_an_error_is_no_blank_in_a_workbook(two_counties, error):
    write_plan(two_counties, plan_rows())
    cell = rf'<c r="C3" t="e"><f>[1]总表!A3</f><v>{error}</v></c>'.encode()
    spoil_cells(two_counties / "site_plan.xlsx", rb'<c r="C3"[^>]*>.*?</c>', cell)
    table, faults = seen(two_counties)
    assert ("unread_cell", "rejected", 3, "建设状态") in faults
    assert len(table) == 4


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "Err:508", "=VLOOKUP(A3,总表!A:C,3,0)"])
def test_an_error_is_no_blank_in_a_text_file(two_counties, error):
    frame = pd.DataFrame(plan_rows(), columns=PLAN_HEAD)
    frame.loc[1, "建设状态"] = error
    frame.to_csv(two_counties / "plan.csv", index=False, encoding="utf-8-sig")
    table, faults = seen(two_counties, inputs__site_plan={"path": "plan.csv"})
    assert ("unread_cell", "rejected", 3, "建设状态") in faults
    assert len(table) == 4


def test_a_computed_blank_is_a_blank(two_counties):
    write_plan(two_counties, plan_rows())
    cell = rb'<c r="C4" t="str"><f>IF(A4="","","")</f><v></v></c>'
    spoil_cells(two_counties / "site_plan.xlsx", rb'<c r="C4"[^>]*>.*?</c>', cell)
    table, faults = seen(two_counties)
    assert not [fault for fault in faults if fault[0] == "unread_cell"]
    assert not table.set_index("plan_id").loc["P3", "built"]


def test_ids_by_formula_are_not_replaced_by_row_numbers(two_counties):
    rows = [[f"=ROW()+{i}", *row[1:]] for i, row in enumerate(plan_rows())]
    write_plan(two_counties, rows)
    table, faults = seen(two_counties)
    assert table is None
    assert ("too_many_faults", "fatal", None, "") in faults


def test_hidden_rows_and_columns_are_counted(two_counties):
    def hide(sheet):
        for row in (3, 5):
            sheet.row_dimensions[row].hidden = True
        sheet.column_dimensions["E"].hidden = True

    write_plan(two_counties, plan_rows(), edit=hide)
    table, faults = seen(two_counties)
    assert ("hidden_rows", "warning", 3, "") in faults
    assert ("hidden_columns", "warning", None, "挂高") in faults
    assert len(table) == 5


def test_marks_of_an_open_document(tmp_path):
    content = (
        '<o xmlns:table="t"><table:table table:name="表"><table:table-row table:number-rows-repeated="2"/>'
        '<table:table-row table:visibility="filter" table:number-rows-repeated="3"/><table:table-row/>'
        "</table:table></o>"
    )
    with zipfile.ZipFile(tmp_path / "x.ods", "w") as archive:
        archive.writestr("content.xml", content)
    assert marks_of(tmp_path / "x.ods")["表"].hidden_rows == {2, 3, 4}


def test_a_second_header_in_another_order_is_mapped_anew(two_counties):
    order = [0, 4, 3, 2, 1, 6, 5]
    rows = plan_rows()
    lower = [[row[j] for j in order] for row in rows[2:]]
    between = [["岭下镇站址规划"], [PLAN_HEAD[j] for j in order]]
    write_plan(two_counties, rows)
    expected, _ = seen(two_counties)
    write_plan(two_counties, [*rows[:2], *between, *lower])
    table, _ = seen(two_counties)
    columns = ["plan_id", "plan_name", "built", "networks", "antenna_height_m", "geometry"]
    pd.testing.assert_frame_equal(pd.DataFrame(table[columns]), pd.DataFrame(expected[columns]))


def test_ids_keep_the_zeros_they_are_shown_with(two_counties):
    rows = [[i, *row[1:]] for i, row in enumerate(plan_rows(), start=7)]
    rows[0][0] = "000007"

    def format_ids(sheet):
        for row in range(2, 7):
            sheet.cell(row, 1).number_format = "000000"

    write_plan(two_counties, rows, edit=format_ids)
    table, faults = seen(two_counties)
    assert table["plan_id"].tolist() == [f"{n:06d}" for n in range(7, 12)]
    assert faults == []


def test_one_id_in_two_notations_is_a_question(two_counties):
    rows = plan_rows()
    rows[0][0], rows[3][0] = "00001234", 1234
    write_plan(two_counties, rows)
    table, faults = seen(two_counties)
    assert table is None
    assert ("id_zeros", "fatal", 5, "规划编号") in faults


def test_ids_that_differ_by_case_and_width_are_named(two_counties):
    rows = plan_rows()
    rows[0][0], rows[3][0] = "a1", "Ａ1"
    write_plan(two_counties, rows)
    table, faults = seen(two_counties)
    assert len(table) == 5
    assert ("ids_alike", "warning", 5, "规划编号") in faults


def write_dates(folder, values, code="General"):
    frame = pd.read_csv(folder / "stations.csv", encoding="gb18030", dtype=str)
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(frame.columns))
    at = list(frame.columns).index("开通日期")
    for number, (row, value) in enumerate(zip(frame.values.tolist(), values, strict=True), start=2):
        sheet.append([*row[:at], value, *row[at + 1 :]])
        sheet.cell(number, at + 1).number_format = code
    book.save(folder / "stations.xlsx")


STATIONS = {"path": "stations.xlsx", "datum": "wgs84"}
MONTHS = [2021.1, 2021.6, 2021.12, 2022.11, 2022.2]


def dates(table):
    return [str(day.date())[:7] for day in table.sort_values("station_id")["on_air_date"]]


def test_a_month_as_a_number_is_asked_about(two_counties):
    write_dates(two_counties, MONTHS)
    table, faults = seen(two_counties, "stations", inputs__stations=STATIONS)
    assert table is None
    assert faults == [("tenth_month", "fatal", 2, "开通日期")]
    answered = {**STATIONS, "tenth_month": "october"}
    table, faults = seen(two_counties, "stations", inputs__stations=answered)
    assert dates(table) == ["2021-10", "2021-06", "2021-12", "2022-11", "2022-02"]
    table, _ = seen(two_counties, "stations", inputs__stations={**STATIONS, "tenth_month": "january"})
    assert dates(table)[0] == "2021-01"


def test_a_month_shown_with_its_zero_is_no_question(two_counties):
    write_dates(two_counties, MONTHS, "0.00")
    table, _ = seen(two_counties, "stations", inputs__stations=STATIONS)
    assert dates(table)[0] == "2021-10"


@pytest.mark.parametrize(
    ("header", "cells", "metres"),
    [
        ("挂高(米)", [35, 30], [35, 30]),
        ("挂高（英尺）", [100, 120], [30.48, 36.576]),
        ("挂高(ft)", [100, "35米"], [30.48, 35]),
        ("挂高(cm)", [3500, 3000], [35, 30]),
        ("天线挂高_ft", [100, 120], [30.48, 36.576]),
        ("挂高", ["35米", "114.829 ft"], [35, 35]),
    ],
)
def test_units_of_headers_and_cells_are_converted(two_counties, header, cells, metres):
    rows = plan_rows()
    for i, row in enumerate(rows):
        row[4] = cells[i % 2]
    write_plan(two_counties, rows, [*PLAN_HEAD[:4], header, *PLAN_HEAD[5:]])
    table, faults = seen(two_counties)
    heights = table.sort_values("plan_id")["antenna_height_m"].tolist()
    assert heights[:2] == pytest.approx(metres, abs=1e-3)
    assert faults == []


@pytest.mark.parametrize("header", ["挂高(海拔)", "挂高(尺)", "挂高(户)", "挂高(%)", "挂高 (amsl)"])
def test_a_unit_that_is_none_of_the_columns_is_a_question(two_counties, header):
    write_plan(two_counties, plan_rows(), [*PLAN_HEAD[:4], header, *PLAN_HEAD[5:]])
    table, faults = seen(two_counties)
    assert table is None
    assert ("unknown_unit", "fatal", None, header) in faults


@pytest.mark.parametrize("header", ["挂高(选填)", "挂高（2023年）", "挂高(离地)"])
def test_remarks_in_a_header_are_no_units(two_counties, header):
    write_plan(two_counties, plan_rows(), [*PLAN_HEAD[:4], header, *PLAN_HEAD[5:]])
    table, faults = seen(two_counties)
    assert table.sort_values("plan_id")["antenna_height_m"].iloc[0] == 35
    assert faults == []


def write_properties(folder, column, values):
    frame = pd.read_excel(folder / "properties.xlsx", engine="calamine")
    frame = frame.rename(columns={"建筑高度(米)": column})
    frame[column] = pd.Series(values, dtype=object)
    frame.to_excel(folder / "properties.xlsx", index=False)


@pytest.mark.parametrize(
    ("header", "values"), [("楼高(层)", [6, 7, 2, 1]), ("建筑高度", ["6层", "7楼", "6米", "3"])]
)
def test_storeys_are_three_metres_and_said(two_counties, header, values):
    write_properties(two_counties, header, values)
    table, faults = seen(two_counties, "properties")
    heights = table.set_index("property_id")["building_height_m"]
    assert heights.to_dict() == {"1": 18, "2": 21, "3": 6, "4": 3}
    assert [fault[:2] for fault in faults] == [("storeys_assumed", "warning")]
    given = {"path": "properties.xlsx", "datum": "gcj02", "storey_height_m": 4}
    table, faults = seen(two_counties, "properties", inputs__properties=given)
    assert table.set_index("property_id")["building_height_m"]["1"] == 24
    assert faults == []


def test_constants_are_read_like_cells(two_counties):
    rows = [row[:4] + row[5:] for row in plan_rows()]
    write_plan(two_counties, rows, PLAN_HEAD[:4] + PLAN_HEAD[5:])
    given = {"path": "site_plan.xlsx", "constants": {"antenna_height_m": "100英尺"}}
    table, _ = seen(two_counties, inputs__site_plan=given)
    assert table["antenna_height_m"].unique().tolist() == pytest.approx([30.48])
    given["constants"]["antenna_height_m"] = "高"
    table, faults = seen(two_counties, inputs__site_plan=given)
    assert table is None
    assert faults[0][:2] == ("not_number", "fatal")


def with_second_pair(folder, shift, hidden=False):
    rows = [[*row, row[5] + shift, row[6]] for row in plan_rows()]

    def hide(sheet):
        for letter in "HI" if hidden else "":
            sheet.column_dimensions[letter].hidden = True

    write_plan(folder, rows, [*PLAN_HEAD, "百度经度", "百度纬度"], hide)


def test_two_pairs_of_coordinates_that_disagree_are_a_question(two_counties):
    with_second_pair(two_counties, 0.0064, hidden=True)
    table, faults = seen(two_counties)
    assert table is None
    assert ("two_pairs", "fatal", 2, "经度") in faults
    columns = {"longitude": "经度", "latitude": "纬度"}
    given = {"path": "site_plan.xlsx", "datum": "wgs84", "columns": columns}
    table, faults = seen(two_counties, inputs__site_plan=given)
    assert len(table) == 5


def test_two_pairs_that_agree_are_none(two_counties):
    with_second_pair(two_counties, 0.00001)
    table, faults = seen(two_counties)
    assert len(table) == 5
    assert faults == []


def strike_row(path, row):
    book = openpyxl.load_workbook(path)
    for cell in book.active[row]:
        cell.font = Font(strike=True)
    book.save(path)


def test_rows_with_a_line_through_them_are_named(two_counties):
    write_plan(two_counties, plan_rows())
    strike_row(two_counties / "site_plan.xlsx", 3)
    _, faults = seen(two_counties)
    assert ("struck_rows", "warning", 3, "") in faults


def test_a_list_pasted_twice_under_new_ids_is_said(two_counties):
    rows = plan_rows()
    again = [[f"Z{n}", *row[1:]] for n, row in enumerate(rows)]
    write_plan(two_counties, [*rows, *again])
    _, faults = seen(two_counties)
    assert ("pasted_twice", "warning", len(rows) + 2, "") in faults
    write_plan(two_counties, [*rows, *reversed(again)])
    assert "pasted_twice" not in {problem for problem, *_ in seen(two_counties)[1]}


def test_coordinates_cut_to_two_decimals_are_said(two_counties):
    write_plan(two_counties, [[*row[:5], round(row[5], 2), round(row[6], 2)] for row in plan_rows()])
    _, faults = seen(two_counties)
    assert ("coordinates_coarse", "warning", 2, "") in faults


@pytest.mark.parametrize(
    ("swapped", "asked"),
    [(False, False), (True, True)],
)
def test_county_names_in_a_column_nobody_reads_still_tell_where_rows_lie(two_counties, swapped, asked):
    head = [*PLAN_HEAD, "片区"]
    rows = [
        [*row, "西县" if east < 8_000 else "东县"]
        for row, (*_, east, _) in zip(plan_rows(), SITE_PLAN, strict=True)
    ]
    if swapped:  # the two ends of the column of longitudes change places
        rows[0][5], rows[-1][5] = rows[-1][5], rows[0][5]
    write_plan(two_counties, rows, head)
    _, faults = seen(two_counties)
    assert ("unread_county" in {problem for problem, *_ in faults}) is asked


@pytest.mark.parametrize(
    ("dates", "problem"),
    [
        (["2021-01-01"] * 5, None),
        (["2018-12-01"] + ["2021-01-01"] * 4, None),
        (["2018-11-30"] + ["2021-01-01"] * 4, "stations_before_5g"),
        (["2033-01-01"] + ["2021-01-01"] * 4, "stations_not_yet"),
    ],
)
def test_a_station_is_not_older_than_5g_nor_of_the_next_decade(two_counties, dates, problem):
    write_dates(two_counties, dates)
    _, faults = seen(two_counties, "stations", inputs__stations=STATIONS)
    assert [each for each, *_ in faults if each.startswith("stations_")] == [problem] * (problem is not None)
