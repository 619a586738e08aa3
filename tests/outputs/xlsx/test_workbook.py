"""The office's workbook, opened again and held against the plan."""

import hashlib
import zipfile
from dataclasses import replace

import openpyxl
import pytest
import python_calamine
from worlds.opened import (
    DETAILS,
    HOSTILE,
    as_typed,
    csv_rows,
    differences,
    numbers_as_text,
    read_sheet,
)

import siteplan
from siteplan.outputs import palette
from siteplan.outputs.wording import in_words
from siteplan.outputs.xlsx.workbook import write_workbook
from siteplan.project.columns import columns_of, names_of

OPENED = ["汇总", "候选站址", "行政村", "县区汇总", "四项测试", "指标", "建设条件", "未采用点位"]
"""What a planner opens."""
APPENDIX = [
    "附·剔除的输入行",
    "附·指标台账",
    "附·信号等级",
    "附·地形影响",
    "附·业务层",
    "附·排名曲线",
    "附·低频深阴影",
    "附·测试点位",
    "附·道路盲段",
    "附·各权重换来什么",
    "附·人口来源",
    "附·传播半径",
    "附·字段说明",
    "附·说明",
]
LISTS = [*OPENED[1:], *APPENDIX[1:-2]]
"""Sheets with a title, filters and frozen panes."""


@pytest.fixture(scope="module")
def book(plan):
    return openpyxl.load_workbook(plan[1] / DETAILS)


def test_the_workbook_has_one_sheet_a_question(book):
    assert book.sheetnames == [*OPENED, *APPENDIX]


def test_no_cell_of_the_workbook_is_a_formula_or_a_link(hostile):
    book = openpyxl.load_workbook(hostile[1] / DETAILS)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert [cell.coordinate for cell in cells if cell.hyperlink is not None] == []
    with zipfile.ZipFile(hostile[1] / DETAILS) as archive:
        assert archive.testzip() is None
        parts = [archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/")]
        assert not [name for name in archive.namelist() if "external" in name.lower()]
    assert [part for part in parts if b"<f>" in part or b"<f " in part] == []


@pytest.mark.parametrize("name", LISTS)
def test_a_list_says_what_it_is_and_can_be_filtered_frozen_and_printed(book, name):
    sheet = book[name]
    assert sheet["A1"].value == f"双县市 2023 年 5G 基站候选站址 · {name}"
    assert "合成数据" in sheet["A2"].value
    assert "未校准" in sheet["A2"].value
    header = [cell.value for cell in sheet[4]]
    assert all(header)
    assert len(header) == len(set(header))
    assert not [text for text in header if text.isascii()]
    first, last = sheet.auto_filter.ref.split(":")
    assert first == "A4"
    assert sheet[last].column == len(header)
    assert sheet.freeze_panes == ("D5" if name == "候选站址" else "B5")
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 8)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$4:$4"
    assert "合成数据" in sheet.oddFooter.left.text


def test_candidates_sheet_holds_the_ranked_rows_value_by_value(plan, book):
    proposal, _ = plan
    table = read_sheet(book, "候选站址")
    headers = {column.name: column.header("zh") for column in columns_of("proposed")}
    assert sorted(table.columns) == sorted(headers.values())
    for column, header in headers.items():
        if column not in {"source_type", "status"}:
            assert differences(table[header], proposal.places.proposed[column]) == [], column
            assert numbers_as_text(table[header], proposal.places.proposed[column]) == [], column
    assert [text[0] for text in table["来源"]] == [
        "①②③④⑤"[int(source_type) - 1] for source_type in proposal.places.proposed["source_type"]
    ]
    assert set(table["状态"]) == {"建议"}


def part_of(proposal, name):
    """The table of a plan behind a sheet."""
    parts = {
        "ledger": proposal.effects.ledger,
        "layers": proposal.effects.layers,
        "curve": proposal.places.curve,
        "villages": proposal.effects.villages,
        "radii": proposal.existing.radii,
    }
    return parts[name]


@pytest.mark.parametrize(
    ("sheet", "attribute", "columns"),
    [
        (
            "附·指标台账",
            "ledger",
            {
                "县区": "county",
                "年度指标": "quota",
                "已建": "built",
                "剩余": "remaining",
                "超建": "excess",
                "本方案基站数": "selected",
            },
        ),
        (
            "附·业务层",
            "layers",
            {
                "业务层": "layer",
                "名称": "name",
                "总权重": "weight_total",
                "现状已覆盖权重": "base_value",
                "本方案新增权重": "gain",
                "现状达标人次": "people_before",
                "规划后达标人次": "people_after",
            },
        ),
        (
            "附·排名曲线",
            "curve",
            {
                "排名": "rank",
                "累计基站数": "stations",
                "新增权重": "gain",
                "累计新增权重": "cumulative_gain",
                "上界": "upper_bound",
            },
        ),
        (
            "行政村",
            "villages",
            {
                "村代码": "village_id",
                "行政村": "village",
                "人口": "people",
                "现状村点概率": "probability_before",
                "规划后村点概率": "probability_after",
                "现状人口覆盖率": "share_before",
                "规划后人口覆盖率": "share_after",
                "经度WGS84": "longitude",
                "纬度WGS84": "latitude",
            },
        ),
        (
            "附·传播半径",
            "radii",
            {
                "挂高（米）": "antenna_height_m",
                "传播公式": "formula",
                "阴影标准差（dB）": "sigma_db",
                "覆盖半径（米）": "radius_m",
            },
        ),
    ],
)
def test_other_sheets_hold_their_tables_value_by_value(plan, book, sheet, attribute, columns):
    table, expected = read_sheet(book, sheet), part_of(plan[0], attribute)
    assert len(table) == len(expected) > 0
    for header, column in columns.items():
        assert differences(table[header], expected[column]) == [], header
        assert numbers_as_text(table[header], expected[column]) == [], header


def test_county_sheet_holds_the_counties_and_the_total_of_the_run(plan, book):
    proposal, _ = plan
    table = read_sheet(book, "县区汇总")
    assert table["县区"].tolist() == [*proposal.effects.counties["county"], "合计"]
    columns = {
        "年度指标": "quota",
        "剩余": "remaining",
        "本方案基站数": "selected",
        "常住人口": "population_total",
        "规划后覆盖人口": "population_covered_after",
        "规划后通5G村": "villages_covered_after",
    }
    for header, column in columns.items():
        assert differences(table[header][:-1], proposal.effects.counties[column]) == [], header
        assert table[header].iloc[-1] == pytest.approx(table[header][:-1].sum()), header
    last_filtered = book["县区汇总"].auto_filter.ref.split(":")[1]
    assert last_filtered.endswith(str(4 + len(proposal.effects.counties)))


def test_the_summary_says_shares_by_county_and_draws_them(plan, book):
    proposal, folder = plan
    table = read_sheet(book, "汇总").iloc[: len(proposal.effects.counties) + 1]
    counties = proposal.effects.counties
    assert table["县区"].tolist() == [*counties["county"], "合计"]
    for when, header in (("before", "现状"), ("after", "规划后")):
        share = counties[f"population_covered_{when}"] / counties["population_total"]
        assert table[f"居民覆盖：{header}"][:-1].tolist() == pytest.approx(share.tolist())
    record = proposal.record
    gained = record.population_covered_after - record.population_covered_before
    assert table["新增覆盖（人）"].iloc[-1] == pytest.approx(gained)
    assert table["新通（村）"].sum() == 2 * table["新通（村）"].iloc[-1]
    with zipfile.ZipFile(folder / DETAILS) as archive:
        charts = [archive.read(name).decode() for name in archive.namelist() if "charts/chart" in name]
    assert len(charts) == 2
    assert all(f"{palette.NEW[1:].upper()}" in chart.upper() for chart in charts)


def test_columns_nobody_filled_and_ids_of_programs_are_hidden(plan, book):
    sheet = book["候选站址"]
    headers = [cell.value for cell in sheet[4]]
    off = {
        number
        for each in sheet.column_dimensions.values()
        if each.hidden
        for number in range(each.min, each.max + 1)
    }
    for number, header in enumerate(headers, start=1):
        filled = any(sheet.cell(line, number).value is not None for line in range(5, sheet.max_row + 1))
        assert (number in off) == (not filled or header == "来源编号"), header


def test_the_list_of_places_not_proposed_is_the_same_in_workbook_and_csv(plan, book):
    rows = csv_rows((plan[1] / "refused.csv").read_bytes())
    table = read_sheet(book, "未采用点位")
    assert table["候选编号"].tolist() == [row["candidate_id"] for row in rows]
    for header, column in {"名称": "name", "不采用的规则": "rule", "来源编号": "source_id"}.items():
        assert [text or "" for text in table[header]] == [as_typed(row[column]) for row in rows], column


def test_codes_are_said_in_words(plan, book):
    """A planner reads network names, states and yes or no, not ids."""
    villages, ledger, radii = (read_sheet(book, name) for name in ("行政村", "附·指标台账", "附·传播半径"))
    words = {"covered": "已通", "newly": "新通", "people": "仅村点未达标", "uncovered": "未通"}
    assert villages["状态"].tolist() == [words[state] for state in plan[0].effects.villages["state"]]
    assert villages["现状已通"].tolist() == [
        "是" if flag else "否" for flag in plan[0].effects.villages["covered_before"]
    ]
    assert set(ledger["网络"]) == set(radii["网络"]) == {"甲网", "乙网"}
    assert set(radii["区域类型"]) == {"镇区", "农村"}


def test_numbers_are_shown_as_people_write_them(plan, book):
    looks = {
        "新增覆盖居民": "#,##0",
        "新增加权覆盖": "#,##0.0",
        "经度WGS84": "0.000000",
        "纬度GCJ02": "0.000000",
    }
    sheet = book["候选站址"]
    headers = [cell.value for cell in sheet[4]]
    for header, number_format in looks.items():
        cell = sheet.cell(row=5, column=headers.index(header) + 1)
        assert (cell.data_type, cell.number_format) == ("n", number_format), header
    villages = book["行政村"]
    headers = [cell.value for cell in villages[4]]
    cell = villages.cell(row=5, column=headers.index("规划后人口覆盖率") + 1)
    assert (cell.data_type, cell.number_format) == ("n", "0.0%")


def test_the_first_sheet_prints_the_reading_columns_and_marks_the_first_ranks(plan, book):
    sheet = book["候选站址"]
    headers = [cell.value for cell in sheet[4]]
    last = sheet[sheet.print_area.replace("$", "").split("!")[-1].split(":")[1]]
    assert headers[last.column - 1] == "理由"
    assert last.row == 4 + len(plan[0].places.proposed)
    marked = [str(area.sqref) for area in sheet.conditional_formatting]
    rank, gain = (sheet.cell(row=5, column=headers.index(name) + 1) for name in ("排名", "新增加权覆盖"))
    assert marked == [f"{cell.coordinate}:{cell.column_letter}{last.row}" for cell in (rank, gain)]


def test_places_by_luck_are_marked_where_something_was_drawn(plan, tmp_path):
    proposal, _ = plan
    drawn = proposal.places.proposed.assign(stays=0.3)
    marked = replace(proposal, places=replace(proposal.places, proposed=drawn))
    write_workbook(marked, tmp_path / "marked.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "marked.xlsx")["候选站址"]
    column = [cell.value for cell in sheet[4]].index("抽样保留率") + 1
    letter = sheet.cell(row=5, column=column).column_letter
    rules = {str(area.sqref): [rule.type for rule in area.rules] for area in sheet.conditional_formatting}
    assert rules[f"{letter}5:{letter}{4 + len(drawn)}"] == ["containsBlanks", "cellIs"]


def test_the_dictionary_explains_every_column_in_chinese(book):
    rows = list(book["附·字段说明"].iter_rows(min_row=2, values_only=True))
    explained = {name: meaning for name, _, meaning in rows}
    assert set(explained) == set(names_of("proposed"))
    assert [name for name, meaning in explained.items() if not meaning or meaning.isascii()] == []


def test_about_names_every_input_with_its_hash(plan, book, planned_city):
    rows = list(book["附·说明"].iter_rows(min_row=2, values_only=True))
    told = {content.split(": ")[1]: digest for item, content, digest in rows if item == "输入"}
    on_disk = {name: hashlib.sha256((planned_city / name).read_bytes()).hexdigest() for name in told}
    assert told == on_disk
    assert len(told) == len(plan[0].record.inputs)
    facts = {item: content for item, content, _ in rows}
    assert facts["年度指标"] == plan[0].record.quota
    assert facts["合成数据说明"] == plan[0].record.synthetic


def test_the_english_workbook_has_english_headers(planned_city, tmp_path):
    proposal = in_words(siteplan.read_plan(planned_city / "runs" / "city").proposal, "en")
    write_workbook(proposal, tmp_path / "en.xlsx", "en")
    book = openpyxl.load_workbook(tmp_path / "en.xlsx")
    texts = [str(cell.value) for name in book.sheetnames[:11] for cell in book[name][4]]
    assert [text for text in [*texts, *book.sheetnames] if not text.replace("km²", "km2").isascii()] == []


def test_every_hostile_property_comes_back_from_the_workbook_as_it_was_typed(hostile):
    """Read with calamine, which undoes Excel's own escapes of control characters."""
    book = python_calamine.CalamineWorkbook.from_path(str(hostile[1] / DETAILS))
    names = []
    for name in ("候选站址", "未采用点位"):
        header, *rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)[3:]
        names += [row[header.index("名称")] for row in rows]
    assert [name for name in HOSTILE.values() if names.count(name) != 1] == []


def test_a_text_longer_than_a_cell_is_cut_and_says_so(with_name, tmp_path):
    """Excel counts UTF-16 units, 32,767 at most; an emoji is two."""
    write_workbook(with_name("😀" * 20_000), tmp_path / "long.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "long.xlsx")["候选站址"]["C5"].value
    assert cell == "😀" * 16_000 + "…"
    assert len(cell.encode("utf-16-le")) // 2 <= 32_767
