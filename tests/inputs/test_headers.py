"""Which header is taken for which column, and when that is a question."""

from itertools import pairwise

import pandas as pd
import pytest
from worlds.lists import HEAD, ROWS, checked, csv, places, sheet, taken_of, text

from siteplan.core.errors import InputFaults
from siteplan.inputs.files.headers import TAKEN_FROM, match_headers
from siteplan.project.columns import columns_of

PUBLISHED = [
    (
        "properties",
        "序号 基站地址 物业所属单位",
        {"property_id": "序号", "address": "基站地址", "owner": "物业所属单位"},
    ),
    (
        "poles",
        "站址编码 铁塔站址名称 运营商 经度 纬度 详细地址 铁塔种类 铁塔高度(米) 机房类型",
        {
            "pole_id": "站址编码",
            "pole_name": "铁塔站址名称",
            "kind": "铁塔种类",
            "antenna_height_m": "铁塔高度(米)",
            "address": "详细地址",
            "longitude": "经度",
            "latitude": "纬度",
        },
    ),
    (
        "stations",
        "站址编码 铁塔站址名称 运营商 经度 纬度 详细地址 铁塔种类 铁塔高度(米) 机房类型",
        {
            "site_id": "站址编码",
            "site_name": "铁塔站址名称",
            "network": "运营商",
            "antenna_height_m": "铁塔高度(米)",
            "longitude": "经度",
            "latitude": "纬度",
        },
    ),
    (
        "poles",
        "站址编码 纬度 经度 站址名称 省份 地市 区县 备注 详细地址 站址备注 产权属性",
        {
            "pole_id": "站址编码",
            "pole_name": "站址名称",
            "county": "区县",
            "address": "详细地址",
            "longitude": "经度",
            "latitude": "纬度",
        },
    ),
    (
        "stations",
        "RRU标识 所属站址编码 所属站址名称 所属eNBID 所属eNBID名称 区/市/县/旗 乡/镇/街道 划小单元 片区 簇 网格 厂家 型号 "
        "额定功率(w) 双工模式 RRU经度 RRU纬度 RRU地址 RRU安装位置 共享属性 共享方式 入网日期 启用日期 备注 自定义1 自定义2",
        {
            "station_id": "RRU标识",
            "site_id": "所属站址编码",
            "site_name": "所属站址名称",
            "county": "区/市/县/旗",
            "longitude": "RRU经度",
            "latitude": "RRU纬度",
            "on_air_date": "入网日期",
        },
    ),
    (
        "poles",
        "账期月份 产品业务确认单编号 运营商 运营商地市 需求承接地市 站址所属地市 运营商区县 订单属性 产权属性 原产权方 站址名称 "
        "站址编码 需求确认单编号 业务属性 服务起始日期 产品类型 机房类型 对应实际最高天线挂高（米）1 期末铁塔共享用户数1 "
        "对应实际最高天线挂高（米）2 期末铁塔共享用户数2 对应实际最高天线挂高（米）3",
        {
            "pole_id": "站址编码",
            "pole_name": "站址名称",
            "antenna_height_m": "对应实际最高天线挂高（米）1",
            "county": "运营商区县",
        },
    ),
    (
        "poles",
        "省 市 区 站址运维ID 资源系统站址编码 站址名称",
        {"pole_name": "站址名称", "pole_id": "资源系统站址编码", "county": "区"},
    ),
    (
        "poles",
        "省份名称 地市名称 区县名称 站址id 站址编码 站址名称 所在地址",
        {"pole_id": "站址编码", "pole_name": "站址名称", "county": "区县名称", "address": "所在地址"},
    ),
]


@pytest.mark.parametrize(("table", "headers", "taken"), PUBLISHED)
def test_published_headers_need_no_configuration(table, headers, taken):
    found = match_headers(headers.split(), columns_of(table), {})
    assert found.taken == taken | {
        name: found.taken[name] for name in found.taken.keys() - taken.keys() - set(beside(table))
    }
    assert not found.ambiguous


def beside(table):
    return {"longitude", "latitude", "antenna_height_m", "network", "band", "county", "town", "address"} - (
        {"town"} if table == "stations" else set()
    )


def test_two_headers_for_one_essential_column_are_a_question(tmp_path):
    with pytest.raises(InputFaults) as caught:
        checked(
            sheet(tmp_path / "a.xlsx", [["站址名称", "中心经度", "边缘经度", "纬度"], ["甲", 113, 113.1, 25]])
        )
    fault = caught.value.faults[0]
    assert (fault.problem, fault.values["found"]) == ("ambiguous_column", ("中心经度", "边缘经度"))


def test_two_headers_for_another_column_leave_it_out_with_a_warning(tmp_path):
    found = checked(
        sheet(tmp_path / "a.xlsx", [[*HEAD, "南侧天线挂高", "北侧天线挂高"], ["甲", 113.1, 25.1, 30, 40]])
    )
    assert "antenna_height_m" not in found.frame
    assert [(fault.severity, fault.problem) for fault in found.faults] == [("warning", "ambiguous_column")]


def test_the_project_file_has_the_last_word(tmp_path):
    path = sheet(tmp_path / "a.xlsx", [[*HEAD, "南侧天线挂高", "北侧天线挂高"], ["甲", 113.1, 25.1, 30, 40]])
    found = checked(path, columns={"antenna_height_m": "北侧天线挂高"})
    assert found.frame["antenna_height_m"].tolist() == [40.0]


SURENESS = ["经度", "经度(WGS84)", "坐标·经度", "jingdu", "RRU经度", "经度坐标值", "精度"]


def test_confidence_falls_from_the_same_word_to_a_slip_of_the_pen():
    found = [
        match_headers([header], columns_of("poles"), {}).confidence.get("longitude", 0.0)
        for header in SURENESS
    ]
    assert found == sorted(found, reverse=True)
    assert found[0] == 1.0
    assert all(value >= TAKEN_FROM for value in found[:6])
    assert found[6] == 0.0


def test_pinyin_headers_are_read():
    found = match_headers(["zhanzhimingcheng", "jingdu", "weidu", "xiangzhen"], columns_of("poles"), {}).taken
    assert found == {
        "pole_name": "zhanzhimingcheng",
        "longitude": "jingdu",
        "latitude": "weidu",
        "town": "xiangzhen",
    }


def test_a_header_of_both_coordinates_is_not_the_latitude():
    assert match_headers(["站址名称", "经纬度"], columns_of("poles"), {}).taken == {"pole_name": "站址名称"}


def test_planned_and_true_coordinates_are_a_question_that_the_project_file_answers(tmp_path):
    head = ["站址名称", "规划经度", "规划纬度", "实际经度", "实际纬度"]
    path = sheet(tmp_path / "a.xlsx", [head, ["甲", 113.1, 25.1, 113.2, 25.2]])
    with pytest.raises(InputFaults) as caught:
        checked(path)
    assert [fault.values["found"] for fault in caught.value.faults] == [
        ("规划经度", "实际经度"),
        ("规划纬度", "实际纬度"),
    ]
    assert [fault.severity for fault in caught.value.faults] == ["fatal", "fatal"]
    assert places(checked(path, columns={"longitude": "实际经度", "latitude": "实际纬度"})) == [(113.2, 25.2)]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@pytest.mark.parametrize("top", ["经纬度", "经纬度坐标", "站点经纬度"])
def test_longitude_and_latitude_under_one_heading_of_both(top, kind, tmp_path):
    lines = [["站址名称", top, "", "挂高"], ["", "经度", "纬度", ""], ["甲", 113.1, 25.1, 35]]
    path = tmp_path / f"a.{kind}"
    found = checked(
        sheet(path, lines, ["A1:A2", "B1:C1", "D1:D2"]) if kind == "xlsx" else text(path, csv(lines))
    )
    assert (found.frame.get("pole_name", pd.Series()).tolist(), places(found)) == (["甲"], [(113.1, 25.1)])
    assert found.frame.get("antenna_height_m", pd.Series()).tolist() == [35.0]


@pytest.mark.parametrize(
    ("table", "header", "column"),
    [
        ("villages", "人口密度", "population"),
        ("poles", "经度误差", "longitude"),
        ("poles", "IP地址", "address"),
        ("stations", "是否共享网络", "network"),
        ("stations", "频段带宽", "band"),
    ],
)
def test_a_longer_word_of_another_meaning_is_not_the_column(table, header, column):
    assert match_headers([header], columns_of(table), {}).taken.get(column) != header


@pytest.mark.parametrize(
    ("header", "column"),
    [("常住人口数", "population"), ("户籍人口(人)", "population"), ("中心经度", "longitude")],
)
def test_a_longer_word_of_the_same_meaning_is_the_column(header, column):
    assert match_headers([header], columns_of("villages"), {}).taken.get(column) == header


@pytest.mark.parametrize(
    ("table", "header", "column", "value", "whole"),
    [
        ("poles", "引电距离(公里)", "power_distance_m", 1.5, 1_500.0),
        ("poles", "光缆距离（km）", "backhaul_distance_m", 0.8, 800.0),
        ("orders", "搜索半径(千米)", "search_radius_m", 0.3, 300.0),
        ("poles", "挂高(英尺)", "antenna_height_m", 100, 30.48),
        ("villages", "常住人口（万人）", "population", 1.2, 12_000.0),
    ],
)
def test_a_unit_in_a_header_is_obeyed_or_asked_about(table, header, column, value, whole, tmp_path):
    path = sheet(tmp_path / "a.xlsx", [["名称", "经度", "纬度", header], ["甲", 113.1, 25.1, value]])
    values, problems = taken_of(path, table, column)
    assert values == pytest.approx([whole]) or problems


@pytest.mark.parametrize("typed", ["1.5公里", "1.5km", "1.5 KM", "１.５公里"])
def test_a_unit_in_a_cell_is_obeyed_or_refused(typed, tmp_path):
    path = sheet(
        tmp_path / "a.xlsx", [[*HEAD, "引电距离"], ["甲", 113.1, 25.1, typed], ["乙", 113.2, 25.2, "800米"]]
    )
    values, problems = taken_of(path, "poles", "power_distance_m")
    assert values == [1_500.0, 800.0] or (values == [800.0] and problems)


def test_confidences_fall_in_steps_and_bound_what_is_taken():
    sure = [
        match_headers([header], columns_of("poles"), {}).confidence["longitude"]
        for header in ["经度", "经度(WGS84)", "经度2", "jingdu", "RRU经度", "经度坐标值"]
    ]
    assert all(high > low for high, low in pairwise(sure))
    assert (sure[0], sure[3], sure[4], sure[5]) == (1.0, 0.85, 0.75, 0.7)


@pytest.mark.parametrize(
    "datums",
    ["经度_WGS84 纬度_WGS84 经度_GCJ02 纬度_GCJ02", "经度(WGS84) 纬度(WGS84) 经度(GCJ02) 纬度(GCJ02)"],
)
def test_coordinates_of_two_datums_are_a_question_never_a_guess(datums, tmp_path):
    path = sheet(tmp_path / "a.xlsx", [["站址名称", *datums.split()], ["甲", 113.1, 25.1, 113.105, 25.097]])
    with pytest.raises(InputFaults) as caught:
        checked(path)
    east, north = datums.split()[::2], datums.split()[1::2]
    assert [fault.values["found"] for fault in caught.value.faults] == [tuple(east), tuple(north)]


def test_two_headers_for_the_id_are_a_question_with_both_names(tmp_path):
    path = sheet(tmp_path / "a.xlsx", [["旧站址编码", "新站址编码", *HEAD], ["A", "B", *ROWS[0]]])
    with pytest.raises(InputFaults) as caught:
        checked(path)
    assert [(f.severity, f.values["found"]) for f in caught.value.faults] == [
        ("fatal", ("旧站址编码", "新站址编码"))
    ]
    assert checked(path, columns={"pole_id": "新站址编码"}).frame["pole_id"].tolist() == ["B"]
