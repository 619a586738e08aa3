"""Half a year of a plan: two people's forms come back, one in the wrong datum, and the plan is made again.

``python benchmarks/half_year.py RUN [project folder] [seed]``. Owners refuse, places move, stations are
signed, built and put on air, all drawn with a seed and synthetic; forms are filled in the run's own workbook.
"""

import random
import shutil
import sys
import tempfile
from pathlib import Path

import openpyxl
from pyproj import Geod

import siteplan
from siteplan.api import project_of
from siteplan.inputs.places.datum import gcj02_from_wgs84
from siteplan.words.catalogue import translate

GEOD = Geod(ellps="WGS84")
SHARES = (
    ("在建", 0.15),
    ("已签约", 0.15),
    ("开通", 0.15),
    ("业主同意", 0.1),
    ("谈点中", 0.15),
    ("业主拒绝", 0.12),
)
HEAD = 4


def sheets_of(book):
    """Sheets with the form's columns, and where each column is."""
    for sheet in book.worksheets:
        heads = [cell.value for cell in sheet[HEAD]] if sheet.max_row >= HEAD else []
        if "候选编号" in heads and sheet.sheet_state == "visible":
            yield sheet, {name: heads.index(name) + 1 for name in heads if name}


def fill(source, target, draw, who, share, shifted):
    """Fill a share of a form's rows; every fifth of these has moved, in GCJ-02 where ``shifted``."""
    shutil.copy(source, target)
    book = openpyxl.load_workbook(target)
    told = {}
    for sheet, at in sheets_of(book):
        for row in range(HEAD + 1, sheet.max_row + 1):
            key = sheet.cell(row, at["候选编号"]).value
            if not key or draw.random() > share:
                continue
            status = draw.choices([s for s, _ in SHARES], [w for _, w in SHARES])[0]
            values = {
                "状态": status,
                "反馈人": who,
                "反馈日期": f"2023-{draw.randint(7, 12):02d}-{draw.randint(1, 28):02d}",
            }
            if status == "业主拒绝":
                values["原因"] = draw.choice(["怕辐射", "租金谈不拢", "楼顶已有光伏"])
            elif draw.random() < 0.2 and not str(sheet.cell(row, at["来源"]).value).startswith("①"):
                lon, lat = (
                    sheet.cell(row, at["规划经度WGS84"]).value,
                    sheet.cell(row, at["规划纬度WGS84"]).value,
                )
                ring = float(sheet.cell(row, at["搜索半径（米）"]).value)
                lon, lat, _ = GEOD.fwd(lon, lat, draw.uniform(0, 360), draw.uniform(0.2, 0.9) * ring)
                if shifted:
                    lon, lat = (float(each) for each in gcj02_from_wgs84(lon, lat))
                values |= {"实际经度": round(lon, 6), "实际纬度": round(lat, 6), "坐标系": "WGS84"}
            for name, value in values.items():
                sheet.cell(row, at[name]).value = value
            told[key] = values
    book.save(target)
    return told


def correct(path):
    """The second person's form with the datum the coordinates are really in."""
    book = openpyxl.load_workbook(path)
    for sheet, at in sheets_of(book):
        for row in range(HEAD + 1, sheet.max_row + 1):
            if sheet.cell(row, at["实际经度"]).value is not None:
                sheet.cell(row, at["坐标系"]).value = "GCJ-02"
    book.save(path)


def main():
    """Print what was taken, and coverage against changed places."""
    run = Path(sys.argv[1])
    project = siteplan.open_project(project_of(run, sys.argv[2] if len(sys.argv) > 2 else None))
    draw = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 2023)
    folder = Path(tempfile.mkdtemp(prefix="half_year_"))
    one, other = folder / "王工.xlsx", folder / "李工.xlsx"
    form = run / translate("file_list", "zh")
    first = fill(form, one, draw, "王工", 0.45, shifted=False)
    second = fill(form, other, draw, "李工", 0.3, shifted=True)
    print(f"forms: {len(first)} and {len(second)} rows, {len(first.keys() & second.keys())} places on both")
    result = project.merge_returns(run, (one, other))
    print("first import:", result.counts, result.folder)
    correct(other)
    result = project.merge_returns(run, (one, other))
    print("datum corrected:", result.counts, result.folder)
    states = [state.status.value for state in result.field_status.states.values()]
    print("journal:", {each: states.count(each) for each in sorted(set(states))})
    before = siteplan.read_plan(run).record
    plan = project.replan(run)
    target = plan.write()
    after = plan.record
    print(plan.proposal.places.change_curve.to_string(index=False))
    for name in (
        "population_covered_before",
        "population_covered_after",
        "villages_covered_after",
        "selected_stations",
    ):
        print(f"{name}: {getattr(before, name):,.0f} -> {getattr(after, name):,.0f}")
    print(f"built {before.built} -> {after.built}")
    print(f"published places still to be won {after.since.published}, changed {after.since.changed}")
    print(f"footprints computed {after.costs.footprints_computed}, seconds {after.costs.seconds}")
    print(target)


if __name__ == "__main__":
    main()
