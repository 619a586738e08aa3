"""The form that goes out, opened again, filled in wrong, and left alone."""

from __future__ import annotations

import openpyxl
import pytest
import python_calamine
from worlds.opened import LIST, holds

from siteplan.field.returns import META, read_returns
from siteplan.outputs.sheets import plain
from siteplan.outputs.xlsx.form import COLUMNS
from siteplan.project.statuses import SiteStatus
from siteplan.words.catalogue import translate


@pytest.fixture
def book(run):
    return openpyxl.load_workbook(run[1] / LIST)


def test_the_form_has_a_sheet_a_county_and_a_hidden_one(run, book):
    order = run[0].places.proposed.sort_values("county_id")
    counties = order["county"].unique()
    assert book.sheetnames == ["填报说明", "汇总", *counties, "字段说明", META]
    assert book[META].sheet_state == "hidden"


def test_the_form_holds_every_value_locked_and_opens_only_what_is_filled_in(run, book):
    proposal, _ = run
    for county, rows in proposal.places.proposed.groupby("county"):
        sheet = book[county]
        assert sheet.protection.sheet
        assert sheet.freeze_panes == "D5"
        assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
        assert sheet.auto_filter.ref
        for line, row in enumerate(rows.to_dict("records"), start=5):
            for number, column in enumerate(COLUMNS, start=1):
                cell = sheet.cell(line, number)
                assert cell.protection.locked == bool(column.source)
                assert cell.data_type != "f"
                if column.name == "place_gcj02":
                    assert cell.value == f"{row['longitude_gcj02']:.6f}, {row['latitude_gcj02']:.6f}"
                elif column.source and column.name not in ("source_type", "name", "why", "place_wgs84"):
                    assert holds(cell.value, plain(row[column.source])), column.name


def test_the_form_prints_a_dozen_columns_with_the_reason(run, book):
    sheet = book[run[0].places.proposed["county"].iloc[0]]
    last = sheet[sheet.print_area.replace("$", "").split("!")[-1].split(":")[1]]
    headers = [cell.value for cell in sheet[4]][: last.column]
    assert len(headers) == 12
    assert {"主要效益", "坐标GCJ-02（手机地图）", "坐标WGS84（经度, 纬度）", "状态"} <= set(headers)


def test_the_form_offers_statuses_and_datums(run, book):
    sheet = book[sorted(run[0].places.proposed["county"].unique())[0]]
    lists = {v.formula1 for v in sheet.data_validations.dataValidation if v.type == "list"}
    assert f'"{",".join(translate(f"status_{each}", "zh") for each in SiteStatus)}"' in lists
    assert any("GCJ-02" in each for each in lists)


def test_names_come_back_from_the_form_as_they_are(run):
    """Read with calamine, which undoes the escapes of control characters."""
    proposal, folder = run
    book = python_calamine.CalamineWorkbook.from_path(str(folder / LIST))
    for county, rows in proposal.places.proposed.groupby("county"):
        header, *lines = book.get_sheet_by_name(county).to_python(skip_empty_area=False)[3:]
        assert [line[header.index("名称")] for line in lines[: len(rows)]] == rows["name"].tolist()


def test_a_form_nobody_touched_says_nothing_and_no_cell_looks_edited(run):
    proposal, folder = run
    rows = read_returns(folder / LIST, [])
    assert {row.candidate_id for row in rows} == set(proposal.places.proposed["candidate_id"])
    assert [row.edits for row in rows if row.edits] == []
    assert {row.status for row in rows} == {row.seen for row in rows} == {"PROPOSED"}


def test_a_locked_cell_that_was_changed_is_told_with_both_values(run, tmp_path):
    proposal, folder = run
    county = sorted(proposal.places.proposed["county"].unique())[0]
    book = openpyxl.load_workbook(folder / LIST)
    at = [cell.value for cell in book[county][4]].index("规划经度WGS84") + 1
    was = book[county].cell(5, at).value
    book[county].cell(5, at).value = 113.0
    book.save(tmp_path / "form.xlsx")
    (edit,) = [edit for row in read_returns(tmp_path / "form.xlsx", []) for edit in row.edits]
    assert (edit.column, edit.issued, edit.found) == (
        "规划经度WGS84",
        f"{was:g}" if False else str(was),
        "113",
    )
