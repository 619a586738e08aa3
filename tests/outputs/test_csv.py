"""Tables as CSV, opened again: a cell that a spreadsheet would run carries one apostrophe more, nothing else."""

import csv
import io

import numpy as np
import pandas as pd
import pyogrio
import pytest
from pyproj import Geod
from worlds.opened import (
    HOSTILE,
    RUNS_IN_A_SPREADSHEET,
    VILLAGE_NAMES,
    as_typed,
    csv_rows,
    csv_table,
    differences,
    holds,
)

from siteplan.core.files import restored
from siteplan.outputs.sheets import csv_files, plain
from siteplan.project.columns import names_of

TABLES = ("candidates.csv", "refused.csv", "villages.csv", "rejected_rows.csv", "tests.csv")


@pytest.mark.parametrize("name", TABLES)
def test_a_csv_is_what_a_chinese_excel_opens_right(hostile, name):
    """BOM, CRLF after every record, and as many cells in each record as in the header."""
    content = (hostile[1] / name).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    records = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len(records) > 1
    assert {len(record) for record in records} == {len(records[0])}
    line_feeds_inside = sum(cell.count("\n") for record in records for cell in record)
    assert content.count(b"\r\n") == len(records)
    assert content.count(b"\n") == len(records) + line_feeds_inside


def test_candidates_csv_holds_the_ranked_rows_value_by_value(plan):
    proposal, folder = plan
    rows = csv_rows((folder / "candidates.csv").read_bytes())
    assert list(rows[0]) == list(names_of("proposed"))
    assert (folder / "candidates.csv").read_text(encoding="utf-8-sig").startswith("排名,候选编号,名称,")
    assert len(rows) == len(proposal.places.proposed) > 3
    for column in names_of("proposed"):
        cells = [as_typed(row[column]) for row in rows]
        assert differences(cells, proposal.places.proposed[column]) == [], column


def test_pandas_reads_the_same_types_from_candidates_csv(plan):
    proposal, folder = plan
    table = csv_table(folder / "candidates.csv")
    assert table["candidate_id"].tolist() == proposal.places.proposed["candidate_id"].tolist()
    for column in ("rank", "stations", "people_newly_covered", "villages_newly_covered", "search_radius_m"):
        assert pd.api.types.is_integer_dtype(table[column]), column
    for column in ("longitude", "latitude", "gain", "antenna_height_m"):
        np.testing.assert_allclose(
            table[column], proposal.places.proposed[column].astype(float), atol=5.1e-7, rtol=0
        )


def test_the_point_of_a_row_is_the_same_place_in_every_column(plan):
    """WGS84 is the geometry unprojected; GCJ-02 is the same point seen by a Chinese phone map."""
    proposal, folder = plan
    table = csv_table(folder / "candidates.csv")
    point = proposal.places.proposed.to_crs(4326).geometry
    np.testing.assert_allclose(table["longitude"], point.x, atol=6e-7, rtol=0)
    np.testing.assert_allclose(table["latitude"], point.y, atol=6e-7, rtol=0)
    shift = Geod(ellps="WGS84").inv(
        table["longitude"], table["latitude"], table["longitude_gcj02"], table["latitude_gcj02"]
    )[2]
    assert (np.abs(shift - 600) < 100).all()


def test_villages_csv_holds_every_village_before_and_after(plan):
    proposal, folder = plan
    rows = csv_rows((folder / "villages.csv").read_bytes())
    assert [row["village_id"] for row in rows] == proposal.effects.villages["village_id"].tolist()
    for column in rows[0]:
        cells = [as_typed(row[column]) for row in rows]
        assert differences(cells, proposal.effects.villages[column]) == [], column
    assert sum(float(row["people"]) for row in rows) == pytest.approx(proposal.record.population_total)
    for when in ("before", "after"):
        served = sum(row[f"covered_{when}"] == "1" for row in rows)
        assert served == getattr(proposal.record, f"villages_covered_{when}")


def test_every_place_is_proposed_or_listed_with_the_rule_that_refused_it(plan):
    proposal, folder = plan
    rows = csv_rows((folder / "refused.csv").read_bytes())
    proposed = {row["candidate_id"] for row in csv_rows((folder / "candidates.csv").read_bytes())}
    others = [row["candidate_id"] for row in rows]
    assert len(others) == len(set(others))
    assert proposed.isdisjoint(others)
    assert proposed.union(others) == set(proposal.places.candidates["candidate_id"])
    assert len(proposed) + len(others) == len(proposal.places.candidates)
    assert {row["status"] for row in rows} == {"CANDIDATE", "EXCLUDED"}
    assert [row["candidate_id"] for row in rows if (row["status"] == "EXCLUDED") != (row["rule"] != "")] == []


def test_refused_csv_holds_the_places_value_by_value(plan):
    proposal, folder = plan
    rows = csv_rows((folder / "refused.csv").read_bytes())
    table = proposal.places.candidates.set_index("candidate_id", drop=False)
    table = table.loc[[row["candidate_id"] for row in rows]]
    for column in rows[0]:
        assert differences([as_typed(row[column]) for row in rows], table[column]) == [], column


def test_a_rejected_row_is_written_out_with_its_place_content_and_remedy(hostile):
    """The row is the 18th of the sheet: a header and 16 good rows stand before it."""
    rows = csv_rows((hostile[1] / "rejected_rows.csv").read_bytes())
    assert len(rows) == 1
    row = rows[0]
    assert (row["table"], row["file"], row["sheet"]) == ("properties", "properties.xlsx", "数据")
    assert (row["row"], row["column"], row["code"]) == ("18", "经度", "unread_cell")
    assert "=HYPERLINK(1)" in row["problem"]
    assert "=HYPERLINK(1)" in row["content"]
    assert "物业名称==1+1" in row["content"]
    assert "粘贴为数值" in row["remedy"]
    assert hostile[0].record.inputs[4].name == "properties"
    assert hostile[0].record.inputs[4].rows_rejected == 1


def test_without_rejected_rows_the_list_has_its_header_only(plan):
    text = (plan[1] / "rejected_rows.csv").read_text(encoding="utf-8-sig")
    assert text == "数据表,文件,工作表,行号,列,问题代码,问题,处理办法,原始内容\n"


def test_every_hostile_property_comes_back_from_the_csv_as_it_was_typed(hostile):
    names = [
        as_typed(row["name"])
        for file in ("candidates.csv", "refused.csv")
        for row in csv_rows((hostile[1] / file).read_bytes())
    ]
    assert [name for name in HOSTILE.values() if names.count(name) != 1] == []


@pytest.mark.parametrize("name", TABLES)
def test_no_cell_of_a_csv_starts_with_what_a_spreadsheet_runs(hostile, name):
    records = list(csv.reader(io.StringIO((hostile[1] / name).read_bytes().decode("utf-8-sig"), newline="")))
    cells = [cell for record in records for cell in record]
    assert [cell for cell in cells if cell.startswith(RUNS_IN_A_SPREADSHEET)] == []


def test_a_hostile_village_name_is_the_same_in_csv_and_geopackage(hostile):
    rows = csv_rows((hostile[1] / "villages.csv").read_bytes())
    layer = pyogrio.read_dataframe(hostile[1] / "candidates.gpkg", layer="villages")
    typed = [HOSTILE[name] for name in VILLAGE_NAMES]
    assert [as_typed(row["village"]) for row in rows] == typed
    assert layer["village"].tolist() == typed


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_csv_adds_an_apostrophe_where_needed_and_nothing_else(with_name, name):
    proposal = with_name(name)
    files = csv_files(proposal)
    guarded = name.startswith((*RUNS_IN_A_SPREADSHEET, "'"))
    cells = [
        csv_rows(files["candidates.csv"])[0]["name"],
        csv_rows(files["candidates.csv"])[0]["reason"],
        csv_rows(files["villages.csv"])[0]["village"],
    ]
    assert cells == [f"'{name}" if guarded else name] * 3


def test_csv_opens_with_every_value(run):
    proposal, folder = run
    content = (folder / "candidates.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = csv_rows(content)
    for row, (_, want) in zip(rows, proposal.places.proposed.iterrows(), strict=True):
        assert [n for n in names_of("proposed") if not holds(restored(row[n]), plain(want[n]))] == []
        assert not any(
            cell.startswith(("=", "+", "-", "@")) for n, cell in row.items() if n in ("name", "reason")
        )
