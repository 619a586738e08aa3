"""Where a table begins and ends on its sheet: titles, headers of several lines, totals, remarks, sections."""

import pytest
from worlds.lists import (
    HEAD,
    ROWS,
    SERIAL,
    TWO,
    TWO_LINES,
    checked,
    csv,
    lines_of,
    names,
    notes,
    places,
    read,
    said,
    sheet,
    taken_of,
    text,
)

from siteplan.inputs.files.layout import lay_out
from siteplan.outputs.wording import fault_place

PROPERTIES = ["序号", "基站地址", "物业所属单位"]


def test_titles_totals_remarks_and_blank_numbers_are_no_records(tmp_path):
    lines = [
        ["清新区免费开放公共建筑目录(2017年)"],
        ["单位：个"],
        [],
        PROPERTIES,
        [1, "太和镇滨江路", "社保局"],
        ["武江区"],
        [2, "太和镇府前路", "镇政府"],
        PROPERTIES,
        [3, "山塘镇中心小学", "教育局"],
        [4],
        [5],
        ["合计", "", 3],
        ["注：以上均免费开放"],
        ["填表人：张三", "", ""],
    ]
    raw = read(sheet(tmp_path / "a.xlsx", lines, ["A1:C1"]), "properties")
    assert raw.frame["基站地址"].tolist() == ["太和镇滨江路", "太和镇府前路", "山塘镇中心小学"]
    assert raw.rows.tolist() == [5, 7, 9]
    assert raw.title == ("清新区免费开放公共建筑目录(2017年)", "单位：个")
    assert notes(raw) == [
        ("line_section", "表", 6),
        ("line_header", "表", 8),
        ("line_serial", "表", 10),
        ("line_serial", "表", 11),
        ("line_total", "表", 12),
        ("line_remark", "表", 13),
        ("line_remark", "表", 14),
    ]


def test_a_header_of_two_lines_with_merged_cells(tmp_path):
    path = sheet(tmp_path / "a.xlsx", TWO_LINES, ["A1:A2", "B1:B2", "C1:D1", "E1:E2"])
    found = checked(path)
    assert found.headers.taken["longitude"] == "坐标·经度"
    assert found.frame[["longitude", "latitude", "antenna_height_m"]].iloc[0].tolist() == [
        113.05,
        25.29,
        35.0,
    ]
    assert found.rows.tolist() == [3]


def test_the_same_header_saved_as_csv_has_lost_its_merges(tmp_path):
    found = checked(text(tmp_path / "a.csv", csv(TWO_LINES), "gb18030"))
    assert found.frame[["longitude", "latitude", "antenna_height_m"]].iloc[0].tolist() == [
        113.05,
        25.29,
        35.0,
    ]


def test_a_merged_county_holds_for_every_row_it_spans(tmp_path):
    lines = [
        ["县区", *HEAD],
        ["乐昌市", "甲站", 113.1, 25.1],
        ["", "乙站", 113.2, 25.2],
        ["始兴县", "丙站", 114.1, 24.9],
    ]
    found = checked(sheet(tmp_path / "a.xlsx", lines, ["A2:A3"]))
    assert found.frame["county"].tolist() == ["乐昌市", "乐昌市", "始兴县"]


def test_one_sheet_a_county_is_one_table_and_serial_numbers_may_start_again(tmp_path):
    head = ["序号", "物业名称", "经度", "纬度"]
    other = [
        ("说明", [["填表说明"], ["请如实填写"]], [], False),
        ("旧表", [["年度", "金额"], [2020, 5]], [], False),
    ]
    hidden = ("草稿", [head, [1, "丁楼", 113.3, 25.3]], [], True)
    second = ("始兴县", [head, [1, "丙楼", 114.1, 24.9]], [], False)
    path = tmp_path / "a.xlsx"
    sheet(
        path,
        [head, [1, "甲楼", 113.1, 25.1], [2, "乙楼", 113.2, 25.2]],
        (),
        "乐昌市",
        more=[second, hidden, *other],
    )
    found = checked(path, "properties")
    assert found.raw.sheets == ("乐昌市", "始兴县")
    assert found.frame["property_id"].tolist() == ["乐昌市-1", "乐昌市-2", "始兴县-1"]
    assert [found.raw.place_of(row) for row in found.rows] == [("乐昌市", 2), ("乐昌市", 3), ("始兴县", 2)]
    assert {(f.problem, f.sheet) for f in found.faults} == {
        ("hidden_sheet", "草稿"),
        ("other_sheet", "说明"),
        ("other_sheet", "旧表"),
    }
    fault = found.raw.fault("rejected", "empty_cell", int(found.rows[2]), "x")
    assert fault_place(fault, "zh") == "a.xlsx · 工作表 始兴县 · 行 2 · 列 x"


def test_a_hidden_sheet_is_read_when_it_is_named(tmp_path):
    path = sheet(tmp_path / "a.xlsx", [HEAD, *ROWS], more=[("藏", [HEAD, ROWS[0]], [], True)])
    assert len(read(path, layer="藏").frame) == 1


def test_a_column_without_header_keeps_its_content_under_its_letter():
    found = lay_out([["站址名称", "", "经度"], ["甲", "要紧", 113]], [], len)
    assert found.headers == ["站址名称", "列B", "经度"]


def test_headers_that_repeat_are_numbered():
    found = lay_out([["经度", "经度", "经度"], [1, 2, 3]], [], len)
    assert found.headers == ["经度", "经度2", "经度3"]


TOTALS = [
    ["合计", "", "", 2],
    ["合计", "", 2, 2],
    ["总计", 2, 2, 2],
    ["合　计", "", 2, ""],
    ["", "合计", 2, 2],
    ["合计：", 2],
    ["乐昌市小计", "", 2, ""],
    ["本页小计", "", 2, ""],
]


@pytest.mark.parametrize("total", TOTALS, ids=lambda row: "|".join(map(str, row)))
def test_a_total_is_never_a_place(total, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, total]))
    assert (names(found), said(found, "rejected")) == (["甲", "乙"], [])
    assert said(found, "note") == [("line_total", 4)]


REMARKS = [
    ["注：坐标为WGS84"],
    ["说明：1、数据截至2023年6月"],
    ["备注:", "无"],
    ["填表人：张三", "", "审核人：李四"],
    ["填表人：张三", "审核人：李四", "日期：2023年6月30日", "联系电话：0751-8880000"],
    ["", "数据来源：铁塔公司"],
]


@pytest.mark.parametrize("remark", REMARKS, ids=lambda row: row[0] or row[1])
def test_a_remark_is_never_a_place(remark, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, remark]))
    assert (names(found), said(found, "rejected")) == (["甲", "乙"], [])
    assert [row for _, row in said(found, "note")] == [4]


@pytest.mark.parametrize(
    "name", ["附城镇政府", "注塑厂", "联系村委会", "附小", "注册局", "说明书印刷厂", "Sourcegarden"]
)
def test_a_place_whose_name_begins_like_a_remark_is_kept(name, tmp_path):
    lines = [["物业名称", "地址", "物业所属单位"], [name, "解放路1号"], ["审计局", "解放路2号"]]
    found = checked(sheet(tmp_path / "a.xlsx", lines), "properties")
    assert found.frame["property_name"].tolist() == [name, "审计局"]
    assert found.faults == ()


@pytest.mark.parametrize(
    "numbers", [[1, 2, 3, 4], ["①", "②", "③", "④"], ["（1）", "（2）", "（3）", "（4）"]]
)
def test_a_line_that_numbers_the_columns_is_no_place(numbers, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, numbers, *TWO]))
    assert (names(found), said(found, "rejected")) == (["甲", "乙"], [])
    assert [row for _, row in said(found, "note")] == [2]


def test_serial_numbers_may_start_again_in_each_section_of_a_sheet(tmp_path):
    lines = [SERIAL, ["武江区"], *TWO, ["浈江区"], [1, "丙", 113.5, 24.8], [2, "丁", 113.6, 24.9]]
    found = checked(sheet(tmp_path / "a.xlsx", lines, ["A2:D2", "A5:D5"]))
    assert names(found) == ["甲", "乙", "丙", "丁"]
    assert found.frame["pole_id"].is_unique
    assert (said(found, "rejected"), said(found, "note")) == ([], [("line_section", 2), ("line_section", 5)])


def test_sections_may_be_numbered_in_hanzi(tmp_path):
    lines = [SERIAL, ["一", "武江区"], TWO[0], ["二", "浈江区"], TWO[1]]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert (names(found), said(found, "note")) == (["甲", "乙"], [("line_section", 2), ("line_section", 4)])


def test_every_printed_page_repeats_title_and_header_of_two_lines(tmp_path):
    page = [["韶关市站址清单"], *TWO_LINES[:2]]
    lines = [*page, TWO_LINES[2], *page, [2, "梅花镇站", 113.16, 25.18, 30], ["第 2 页"]]
    found = checked(text(tmp_path / "a.csv", csv(lines), "gb18030"))
    assert (names(found), found.rows.tolist()) == (["坪石镇站", "梅花镇站"], [4, 8])
    assert [row for problem, row in said(found, "note") if problem != "unread_headers"] == [5, 6, 7, 9]


THREE_LINES = [
    ["序号", "站址信息", "", "", ""],
    ["", "名称", "坐标", "", "挂高"],
    ["", "", "经度", "纬度", ""],
    [1, "甲", 113.1, 25.1, 35],
]


@pytest.mark.parametrize("merges", [["A1:A3", "B1:E1", "B2:B3", "C2:D2", "E2:E3"], None], ids=["xlsx", "csv"])
def test_a_header_of_three_lines(merges, tmp_path):
    if merges:
        found = checked(sheet(tmp_path / "a.xlsx", THREE_LINES, merges))
    else:
        found = checked(text(tmp_path / "a.csv", csv(THREE_LINES), "gb18030"))
    assert (names(found), places(found), found.rows.tolist()) == (["甲"], [(113.1, 25.1)], [4])
    assert found.frame["antenna_height_m"].tolist() == [35.0]


def test_a_header_in_row_six(tmp_path):
    above = [["韶关市站址清单"], ["制表单位：某局"], ["日期：2023年6月30日"], ["单位：米"], []]
    found = checked(sheet(tmp_path / "a.xlsx", [*above, SERIAL, *TWO], ["A1:D1"]))
    assert (names(found), found.rows.tolist()) == (["甲", "乙"], [7, 8])


@pytest.mark.parametrize(
    "head", [["序号", "站址名称", "东经", "北纬"], ["序号", "站址名称", "经度(WGS84)", "纬度(WGS84)"]]
)
def test_sheets_of_counties_may_use_different_words_for_a_column(head, tmp_path):
    more = [("始兴县", [head, [1, "丙", 114.1, 24.9]], [], False)]
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO], (), "乐昌市", more=more))
    assert names(found) == ["甲", "乙", "丙"]
    assert places(found) == [(113.1, 25.1), (113.2, 25.2), (114.1, 24.9)]


def test_a_sheet_of_stations_beside_the_poles_is_left_out_and_noted(tmp_path):
    poles = [["站址编码", *HEAD, "铁塔种类"], ["A1", *ROWS[0], "角钢塔"], ["A2", *ROWS[1], "单管塔"]]
    stations = [["基站编号", *HEAD, "频段", "运营商"], ["S1", *ROWS[0], "700M", "移动"]]
    found = checked(sheet(tmp_path / "a.xlsx", poles, (), "铁塔", more=[("基站", stations, [], False)]))
    assert found.frame["pole_id"].tolist() == ["A1", "A2"]
    assert [(fault.severity, fault.problem, fault.sheet) for fault in found.faults] == [
        ("note", "other_sheet", "基站")
    ]


SHARED = [
    (
        ["县区", "乡镇", "物业名称", "物业所属单位"],
        [["乐昌市", "坪石镇", "甲楼", "镇政府"], ["", "", "乙楼", ""], ["", "", "丙楼", ""]],
        ["A2:A4", "B2:B4", "D2:D4"],
        "property_name",
        ["甲楼", "乙楼", "丙楼"],
    ),
    (
        ["县区", "基站地址", "物业所属单位"],
        [["清新区", "太和镇1号", "镇政府"], ["", "太和镇2号", ""]],
        ["A2:A3", "C2:C3"],
        "address",
        ["太和镇1号", "太和镇2号"],
    ),
]


@pytest.mark.parametrize(
    ("head", "body", "merges", "column", "kept"), SHARED, ids=["county and town", "owner"]
)
def test_a_row_of_merged_cells_with_one_cell_of_its_own_is_a_record(
    head, body, merges, column, kept, tmp_path
):
    found = checked(sheet(tmp_path / "a.xlsx", [head, *body], merges), "properties")
    assert found.frame[column].tolist() == kept
    assert len(set(found.frame["owner"])) == 1
    assert lines_of(found) == []


@pytest.mark.parametrize("units", [["", "度", "度", "米"], ["", "(°)", "(°)", "(m)"], ["—", "°", "°", "m"]])
def test_a_line_of_units_under_the_header_is_no_place(units, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [[*HEAD, "挂高"], units, ["甲", 113.1, 25.1, 35]]))
    assert (names(found), places(found)) == (["甲"], [(113.1, 25.1)])
    assert said(found, "rejected") == []


def test_a_header_in_two_languages(tmp_path):
    lines = [HEAD, ["name", "longitude", "latitude"], *ROWS]
    found = checked(sheet(tmp_path / "a.xlsx", lines))
    assert (names(found), said(found, "note")) == ([row[0] for row in ROWS], [("line_header", 2)])


@pytest.mark.parametrize("word", ["合计(个)", "合计（处）", "总和", "累计", "共计：", "全市合计"])
def test_more_words_for_a_total(word, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, [word, "", "", 2]]))
    assert (names(found), said(found, "note")) == (["甲", "乙"], [("line_total", 4)])


@pytest.mark.parametrize("word", ["平均值", "平均", "最大值"])
def test_a_mean_of_coordinates_is_no_place(word, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, [word, "", 113.15, 25.15]]))
    assert names(found) == ["甲", "乙"]
    assert [row for row, _ in lines_of(found)] == [4]


def test_sums_of_coordinates_are_never_places(tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, ["合计", "", 226.3, 50.3]]))
    assert names(found) == ["甲", "乙"]
    assert [row for row, _ in lines_of(found)] == [4]


@pytest.mark.parametrize(
    "line", [["制表人", "张三"], ["打印时间", "2023-06-30"], ["第1页", "共3页"], ["注", "坐标为WGS84"]]
)
def test_a_remark_in_two_cells_is_no_place(line, tmp_path):
    found = checked(sheet(tmp_path / "a.xlsx", [SERIAL, *TWO, line]))
    assert (names(found), lines_of(found)) == (["甲", "乙"], [(4, "note")])


def test_a_list_printed_in_two_halves_side_by_side_does_not_lose_the_right_one(tmp_path):
    lines = [[*SERIAL, *SERIAL], [*TWO[0], 3, "丙", 113.3, 25.3], [*TWO[1], 4, "丁", 113.4, 25.4]]
    values, problems = taken_of(sheet(tmp_path / "a.xlsx", lines), "poles", "pole_name")
    assert sorted(values) == sorted("甲乙丙丁") or problems
