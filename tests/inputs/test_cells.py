"""Numbers, dates and ids as people type them."""

import numpy as np
import pandas as pd
import pytest
import xlsxwriter
from worlds.lists import HEAD, ROWS, checked, csv, is_named, sheet, text

from siteplan.inputs.files.cells import dates_of, numbers_of


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("３５", 35),
        ("1,234", 1234),
        ("1,234.5", 1234.5),
        ("32,7", 32.7),
        ("−5", -5),
        ("1.5e2", 150),
        ("  7 ", 7),
    ],
)
def test_numbers_are_read_as_typed(typed, value):
    values, bad = numbers_of(pd.Series([typed]))
    assert (values[0], bad[0]) == (value, False)


@pytest.mark.parametrize("typed", ["约35", "35-40", "三十五", "1.2.3", "35米左右", "inf", "1e999"])
def test_what_is_no_number_is_a_fault(typed):
    assert numbers_of(pd.Series([typed]))[1].tolist() == [True]


@pytest.mark.parametrize("typed", ["", "/", "无", "暂无", "—", "N/A", "待定"])
def test_words_for_nothing_are_blank(typed):
    values, bad = numbers_of(pd.Series([typed]))
    assert np.isnan(values[0])
    assert not bad[0]
    assert not dates_of(pd.Series([typed]))[1][0]


@pytest.mark.parametrize(
    ("typed", "date"),
    [
        ("2023年6月30日", "2023-06-30"),
        ("2023年6月", "2023-06-01"),
        ("2023.6.30", "2023-06-30"),
        ("2023/6/3", "2023-06-03"),
        ("20230630", "2023-06-30"),
        ("45107", "2023-06-30"),
        ("二〇二三年六月三十日", "2023-06-30"),
        ("二〇二三年十月", "2023-10-01"),
        ("2023-06-30 12:30:00", "2023-06-30"),
        ("２０２３年６月３０日", "2023-06-30"),
    ],
)
def test_dates_are_read_as_typed(typed, date):
    values, bad = dates_of(pd.Series([typed]))
    assert (str(values[0].date()), bad[0]) == (date, False)


@pytest.mark.parametrize("typed", ["06/05/2023", "2023-13-01", "2023年2月30日", "去年", "23.6.30"])
def test_what_is_no_date_or_two_dates_is_a_fault(typed):
    assert dates_of(pd.Series([typed]))[1].tolist() == [True]


def test_other_dates_of_a_column_tell_day_from_month():
    assert [str(day.date()) for day in dates_of(pd.Series(["30/06/2023", "06/05/2023"]))[0]] == [
        "2023-06-30",
        "2023-05-06",
    ]
    assert [str(day.date()) for day in dates_of(pd.Series(["06/30/2023", "06/05/2023"]))[0]] == [
        "2023-06-30",
        "2023-06-05",
    ]


def test_ids_stay_as_they_are_and_spoilt_ones_are_said(tmp_path):
    rows = [["站址编码", *HEAD], ["000123", *ROWS[0]], ["4.4E+11", *ROWS[1]], ["440203101001", *ROWS[0]]]
    found = checked(text(tmp_path / "a.csv", csv(rows)))
    assert found.frame["pole_id"].tolist() == ["000123", "4.4E+11", "440203101001"]
    assert [(fault.problem, fault.row) for fault in found.faults] == [("excel_id", 3)]


def test_numbers_of_twelve_and_eighteen_digits_in_a_workbook(tmp_path):
    rows = [["站址编码", *HEAD], [440203101001, *ROWS[0]], [440203199001011234, *ROWS[1]]]
    found = checked(sheet(tmp_path / "a.xlsx", rows))
    assert found.frame["pole_id"].iloc[0] == "440203101001"
    assert [(fault.problem, fault.row) for fault in found.faults] == [("excel_digits", 3)]


@pytest.mark.parametrize(
    "typed", ["二○二三年六月三十日", "2023 年 6 月 30 日", "30.06.2023", "45107.5", "2023-06-30T00:00:00Z"]
)
def test_more_ways_to_write_one_day(typed):
    values, bad = dates_of(pd.Series([typed]))
    assert (str(values[0])[:10], bad[0]) == ("2023-06-30", False)


def test_the_fifth_of_may_is_one_day_in_both_orders():
    values, bad = dates_of(pd.Series(["05/05/2023"]))
    assert (str(values[0])[:10], bad[0]) == ("2023-05-05", False)


def test_dates_of_a_workbook_are_dates_whatever_their_format(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["基站编号", "网络", "频段", "入网日期", "经度", "纬度"])
        for i, form in enumerate(["yyyy年m月d日", "yyyy/mm/dd", "dd.mm.yyyy", None], 1):
            page.write_row(i, 0, [f"S{i}", "移动", "700M", 45107, 113.1, 25.1])
            page.write_number(i, 3, 45107, form and book.add_format({"num_format": form}))
    dates = checked(tmp_path / "a.xlsx", "stations").frame["on_air_date"]
    assert [str(day)[:10] for day in dates] == ["2023-06-30"] * 4


@pytest.mark.parametrize("typed", ["440203101001.0", "000123.0"])
def test_an_id_that_went_through_a_number_is_mended_or_said(typed, tmp_path):
    found = checked(text(tmp_path / "a.csv", csv([["站址编码", *HEAD], [typed, *ROWS[0]]])))
    assert found.frame["pole_id"].tolist() == [typed.removesuffix(".0")] or is_named(found, 2)


@pytest.mark.parametrize("typed", ["2023年6月30日 12:30", "2023年6月30号", "202306"])
def test_days_as_chinese_spreadsheets_print_them(typed):
    values, bad = dates_of(pd.Series([typed]))
    assert (str(values[0])[:7], bad[0]) == ("2023-06", False)
