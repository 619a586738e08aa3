"""Forms as they really come back: one bad row stops no file, nothing is guessed, a tick takes what was held."""

import datetime as dt
import json

import openpyxl
import pytest
from openpyxl.styles import Font
from worlds.two_counties import write_project

import siteplan
from siteplan.field.merge import MergeOptions
from siteplan.field.words import probable_status, status_of

HEAD_ROW = 4


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """A project with a plan and the form it sent out."""
    folder = write_project(tmp_path_factory.mktemp("returns") / "项目")
    siteplan.open_project(folder).plan(threads=1).write(folder / "runs" / "r")
    return folder


@pytest.fixture
def desk(issued):
    """The same project without any journal."""
    (issued / "journal.jsonl").unlink(missing_ok=True)
    return issued


def form_of(folder):
    """The returned workbook, its first sheet with rows, headers by name, and its rows."""
    book = openpyxl.load_workbook(folder / "runs" / "r" / "候选站址.xlsx")
    sheet = next(book[name] for name in book.sheetnames if name in ("东县", "西县"))
    sheet.protection.sheet = False
    heads = {cell.value: cell.column for cell in sheet[HEAD_ROW]}
    rows = [i for i in range(HEAD_ROW + 1, sheet.max_row + 1) if sheet.cell(i, heads["候选编号"]).value]
    return book, sheet, heads, rows


def fill(folder, name, cells, edit=lambda book, sheet, heads, rows: None):
    """A form filled in: a list of cells by header for each row from the first."""
    book, sheet, heads, rows = form_of(folder)
    for row, values in zip(rows, cells, strict=False):
        for header, value in values.items():
            sheet.cell(row, heads[header]).value = value
    edit(book, sheet, heads, rows)
    book.save(folder / name)
    return folder / name


def merged(folder, *files, **more):
    project = siteplan.open_project(folder)
    return project.merge_returns(folder / "runs" / "r", files, reporter="张三", **more)


def said(result):
    return [
        (each.verdict, [fault.problem for fault in each.faults])
        for each in result.merge.outcomes
        if each.verdict != "unchanged"
    ]


def journal(folder):
    path = folder / "journal.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def test_a_row_without_a_date_has_that_of_the_list(desk):
    result = merged(desk, fill(desk, "a.xlsx", [{"状态": "谈点中"}]))
    assert said(result) == [("accepted", ["date_assumed"])]
    assert journal(desk)[0]["reported_at"] == "2023-06-30"


@pytest.mark.parametrize(
    ("date", "problem"),
    [("2203-07-01", "date_future"), ("2024-07-01", "date_late"), ("2013-07-01", "date_early")],
)
def test_a_mistyped_year_is_held_and_moves_nothing(desk, date, problem):
    cells = [{"状态": "谈点中", "反馈日期": "2023-07-05"}, {"状态": "谈点中", "反馈日期": date}]
    result = merged(desk, fill(desk, "a.xlsx", cells))
    assert said(result) == [("accepted", []), ("held", [problem])]
    assert [event["reported_at"] for event in journal(desk)] == ["2023-07-05"]


def test_returns_of_a_later_month_are_no_mistyped_year(desk):
    cells = [{"状态": "谈点中", "反馈日期": day} for day in ("2023-10-08", "2023-10-09")]
    assert [verdict for verdict, _ in said(merged(desk, fill(desk, "a.xlsx", cells)))] == ["accepted"] * 2


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("已同意", "AGREED"),
        ("在谈", "NEGOTIATING"),
        ("不同意", "REFUSED"),
        ("已开通！", "ON_AIR"),
        ("施工中", "BUILDING"),
        ("取消", "WITHDRAWN"),
        ("已签约（张三）", "SIGNED"),
        ("签约", "SIGNED"),
        ("construction", "BUILDING"),
    ],
)
def test_words_people_type_are_held_with_a_question(desk, word, status):
    assert status_of(word) is None
    assert probable_status(word) == status
    result = merged(desk, fill(desk, "a.xlsx", [{"状态": word, "原因": "见备注"}]))
    assert said(result)[0][0] == "held"
    assert "did_you_mean" in said(result)[0][1]
    assert journal(desk) == []


def test_a_word_that_means_nothing_is_rejected_and_the_rest_is_taken(desk):
    result = merged(desk, fill(desk, "a.xlsx", [{"状态": "明天再说"}, {"状态": "谈点中"}]))
    assert [verdict for verdict, _ in said(result)] == ["rejected", "accepted"]
    assert result.exit_code == 3


def moved(sheet, heads, row, turned=False):
    lon = float(sheet.cell(row, heads["规划经度WGS84"]).value) + 0.0005
    lat = float(sheet.cell(row, heads["规划纬度WGS84"]).value)
    return (lat, lon) if turned else (lon, lat)


def movable(sheet, heads, rows):
    return next(i for i in rows if "存量" not in str(sheet.cell(i, heads["来源"]).value))


def with_point(turned, in_one_cell=False):
    def edit(book, sheet, heads, rows):
        row = movable(sheet, heads, rows)
        lon, lat = moved(sheet, heads, row, turned)
        sheet.cell(row, heads["状态"]).value = "业主同意"
        sheet.cell(row, heads["坐标系"]).value = "WGS84"
        if in_one_cell:
            sheet.cell(row, heads["实际经度"]).value = f"{lon}，{lat}"
        else:
            sheet.cell(row, heads["实际经度"]).value, sheet.cell(row, heads["实际纬度"]).value = lon, lat

    return edit


def test_a_swapped_pair_is_held_and_stops_nobody_else(desk):
    result = merged(desk, fill(desk, "a.xlsx", [], with_point(turned=True)))
    assert said(result) == [("held", ["date_assumed", "turned_lonlat"])]
    assert journal(desk) == []


def test_both_coordinates_in_one_cell_are_read(desk):
    apart = merged(desk, fill(desk, "a.xlsx", [], with_point(turned=False)))
    (one,) = [each for each in apart.merge.events if each.kind == "moved"]
    (desk / "journal.jsonl").unlink()
    together = merged(desk, fill(desk, "b.xlsx", [], with_point(turned=False, in_one_cell=True)))
    (other,) = [each for each in together.merge.events if each.kind == "moved"]
    assert one.point == other.point


def test_an_impossible_date_is_held(desk):
    result = merged(desk, fill(desk, "a.xlsx", [{"状态": "谈点中", "反馈日期": "6月31日"}]))
    assert said(result)[0][0] == "held"
    assert "not_date" in said(result)[0][1]


def test_a_status_in_a_hidden_row_is_held(desk):
    def hide(book, sheet, heads, rows):
        sheet.row_dimensions[rows[1]].hidden = True

    result = merged(desk, fill(desk, "a.xlsx", [{"状态": "谈点中"}] * 2, hide))
    assert [verdict for verdict, _ in said(result)] == ["accepted", "held"]


def test_a_status_by_a_formula_nobody_computed_is_rejected(desk):
    result = merged(desk, fill(desk, "a.xlsx", [{"状态": '=IF(1,"已签约","")'}, {"状态": "谈点中"}]))
    assert [verdict for verdict, _ in said(result)] == ["rejected", "accepted"]


def test_a_row_deleted_from_the_form_is_listed(desk):
    def delete(book, sheet, heads, rows):
        sheet.delete_rows(rows[-1])

    result = merged(desk, fill(desk, "a.xlsx", [{"状态": "谈点中"}], delete))
    missing = [each for each in result.merge.outcomes if "row_missing" in [f.problem for f in each.faults]]
    assert len(missing) == 1
    assert result.exit_code == 0


def test_a_list_of_names_is_matched_and_held(desk):
    _, sheet, heads, rows = form_of(desk)
    name = sheet.cell(rows[0], heads["名称"]).value
    names = {
        place.name: key
        for key, place in siteplan.read_plan(desk / "runs" / "r").record.published.places.items()
    }
    book = openpyxl.Workbook()
    for line in (
        ["站址名称", "状态", "反馈日期"],
        [name, "谈点中", "2023-07-03"],
        ["没有这个点", "谈点中", "2023-07-03"],
    ):
        book.active.append(line)
    book.save(desk / "names.xlsx")
    result = merged(desk, desk / "names.xlsx")
    if name in names:
        assert said(result)[0] == ("held", ["matched_by_name"])
    assert said(result)[-1][0] == "rejected"
    assert journal(desk) == []


def test_a_tick_in_the_check_sheet_takes_what_was_held(desk):
    result = merged(desk, fill(desk, "a.xlsx", [{"状态": "已同意"}, {"状态": "在谈"}]))
    assert [verdict for verdict, _ in said(result)] == ["held", "held"]
    path = result.folder / "回执核对.xlsx"
    book = openpyxl.load_workbook(path)
    sheet = book.active
    heads = {cell.value: cell.column for cell in sheet[3]}
    row = next(i for i in range(4, sheet.max_row + 1) if sheet.cell(i, heads["反馈状态"]).value == "业主同意")
    sheet.cell(row, heads["采用"]).value = "采用"
    book.save(desk / "ticked.xlsx")
    again = merged(desk, desk / "ticked.xlsx")
    assert [verdict for verdict, _ in said(again)] == ["accepted"]
    assert [event["after"] for event in journal(desk)] == ["AGREED"]


def test_on_air_counts_as_built_with_or_without_dates_in_the_register(desk):
    project = siteplan.open_project(desk)
    before = project.progress().progress.total.built
    _, sheet, heads, rows = form_of(desk)
    file = fill(desk, "a.xlsx", [{"状态": "开通", "反馈日期": "2023-07-20"}])
    stations = (
        siteplan.read_plan(desk / "runs" / "r")
        .record.published.places[sheet.cell(rows[0], heads["候选编号"]).value]
        .stations
    )
    merged(desk, file)
    assert project.progress().progress.total.built == before + stations


def test_reports_that_move_the_date_of_the_plan_say_so(desk):
    cells = [{"状态": "谈点中", "反馈日期": "2023-09-05"}] * 2
    merged(desk, fill(desk, "a.xlsx", cells))
    plan = siteplan.open_project(desk).replan(desk / "runs" / "r", threads=1)
    (fault,) = [each for each in plan.faults if each.problem == "date_moved"]
    assert (fault.values["date"], fault.values["found"], fault.values["count"]) == (
        "2023-06-30",
        "2023-09-05",
        1,
    )


def test_a_refusal_stands_until_a_later_row_with_a_reason(desk):
    cells = [{"状态": "业主拒绝", "原因": "不租", "反馈日期": "2023-07-05"}]
    merged(desk, fill(desk, "a.xlsx", cells))
    config = siteplan.open_project(desk).config
    assert config.replan.cooling_months > 0
    refused = journal(desk)[0]["candidate_id"]
    text = (desk / "project.toml").read_text(encoding="utf-8")
    try:
        late = text.replace("2023-06-30", "2026-06-30").replace("2022-05-01", "2022-05-01")
        (desk / "project.toml").write_text(late, encoding="utf-8")
        plan = siteplan.open_project(desk).replan(desk / "runs" / "r", threads=1)
    finally:
        (desk / "project.toml").write_text(text, encoding="utf-8")
    assert refused not in set(plan.sites["candidate_id"])


def test_options_date_rows_by_the_list():
    assert MergeOptions("2023-12-01T08:00:00", issued_on="2023-06-30").issued_on == str(dt.date(2023, 6, 30))


@pytest.mark.parametrize("word", ["未签约", "尚未开通", "可建", "待签约", "拟建设", "计划开通", "not agreed"])
def test_a_word_turned_round_or_of_the_future_suggests_nothing(word):
    assert probable_status(word) == ""


def strike(book, sheet, heads, rows):
    for cell in sheet[rows[0]]:
        cell.font = Font(strike=True)


def sort_ids_alone(book, sheet, heads, rows):
    column = heads["候选编号"]
    ids = [sheet.cell(row, column).value for row in rows]
    for row, value in zip(rows, reversed(ids), strict=True):
        sheet.cell(row, column).value = value


@pytest.mark.parametrize(
    ("cells", "edit", "problem"),
    [
        ({"状态": "已签约"}, strike, "struck_row"),
        ({"状态": "已签约"}, sort_ids_alone, "row_of_another"),
        ({"状态": "开通", "原因": "业主不同意，村民阻工"}, lambda *_: None, "reason_against_status"),
        ({"状态": "谈点中", "反馈日期": 2023.1}, lambda *_: None, "tenth_month_row"),
    ],
)
def test_rows_that_say_two_things_are_held(desk, cells, edit, problem):
    result = merged(
        desk, fill(desk, "a.xlsx", [cells | {"反馈日期": cells.get("反馈日期", "2023-07-05")}], edit)
    )
    held = [problems for verdict, problems in said(result) if verdict == "held"]
    assert held, said(result)
    assert problem in held[0]
    assert journal(desk) == []


def test_a_county_that_goes_on_air_in_one_day_is_asked(desk):
    _, _, _, rows = form_of(desk)
    result = merged(desk, fill(desk, "a.xlsx", [{"状态": "开通", "反馈日期": "2023-07-05"}] * len(rows)))
    asked = [problems for verdict, problems in said(result) if "filled_down" in problems]
    assert len(asked) == (len(rows) if len(rows) >= 5 else 0)


def test_dates_long_after_the_list_are_held_even_where_all_agree(desk):
    cells = [{"状态": "谈点中", "反馈日期": "2024-12-01"}] * 2
    assert said(merged(desk, fill(desk, "a.xlsx", cells)))[0] == ("held", ["date_long_after"])


def test_one_status_over_merged_rows_is_that_of_each(desk):
    def merge(book, sheet, heads, rows):
        for header in ("状态", "反馈日期"):
            column = heads[header]
            sheet.merge_cells(start_row=rows[0], end_row=rows[1], start_column=column, end_column=column)

    cells = [{"状态": "谈点中", "反馈日期": "2023-07-05"}]
    result = merged(desk, fill(desk, "a.xlsx", cells, merge))
    assert [verdict for verdict, _ in said(result)] == ["accepted"] * 2


def test_one_odd_entry_of_the_map_stops_no_other(desk):
    published = siteplan.read_plan(desk / "runs" / "r").record.published
    first = next(iter(published.places))
    good = {"candidate_id": first, "status": "NEGOTIATING", "reported_at": "2023-07-05"}
    data = {"schema": "siteplan-returns/1", "run_id": published.run_id, "returns": ["?", good]}
    (desk / "a.json").write_text(json.dumps(data), encoding="utf-8")
    assert said(merged(desk, desk / "a.json")) == [("rejected", ["odd_entry"]), ("accepted", [])]


def test_odd_pins_are_named_and_the_others_taken(desk):
    published = siteplan.read_plan(desk / "runs" / "r").record.published
    first, second, *_ = published.places
    at = "{:.6f},{:.6f}".format(*published.places[first].point)
    pins = [
        ("", first, "<Point/>"),
        ("", f"{first} {second}", f"<Point><coordinates>{at}</coordinates></Point>"),
        ("在谈", first, f"<Point><coordinates>{at}</coordinates></Point>"),
        ("谈点中", first, f"<Point><coordinates>{at}</coordinates></Point>"),
    ]
    body = "".join(
        f"<Folder><name>{folder}</name><Placemark><name>{name}</name>{point}</Placemark></Folder>"
        for folder, name, point in pins
    )
    text = f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'
    (desk / "a.kml").write_text(text, encoding="utf-8")
    result = merged(desk, desk / "a.kml")
    problems = [[fault.problem for fault in each.faults] for each in result.merge.outcomes]
    assert [each[0] for each in problems[:2]] == ["not_coordinate", "pin_with_ids"]
    assert [each.verdict for each in result.merge.outcomes[:2]] == ["rejected", "rejected"]
    assert "did_you_mean" in problems[2]
