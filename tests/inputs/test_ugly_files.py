"""Ugly and hostile files: never a traceback, never a full memory, nothing touched outside, nothing lost in silence."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner
from worlds import ugly
from worlds.two_counties import PROJECT, write_toml

from siteplan.cli.commands import app
from siteplan.core.errors import InputFaults
from siteplan.inputs.files.cells import dates_of, numbers_of, text_of
from siteplan.inputs.files.layout import lay_out
from siteplan.inputs.files.raw_table import Wanted
from siteplan.inputs.files.readers import read_table
from siteplan.inputs.tables.coordinates import degrees_of, split_pair

RUNNER = CliRunner()
QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MOST_KIB = 2 << 20


def with_file(folder, name, content):
    """The project with one file as its opened properties, beside counties and villages: the rest has nothing to
    do with the file.
    """
    (folder / name).write_bytes(content)
    kept = {table: PROJECT["inputs"][table] for table in ("counties", "villages")}
    write_toml(folder, {"inputs": kept | {"properties": {"path": name, "datum": "wgs84"}}})
    return folder


def listing(folder):
    return {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ugly.FILES)
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::UserWarning")
def test_an_ugly_file_ends_in_a_report_or_a_message(name, two_counties, tmp_path):
    file, content = ugly.FILES[name]
    folder = with_file(two_counties, file, content)
    before = listing(folder)
    result = RUNNER.invoke(app, ["check", str(folder), "--out", str(tmp_path / "out")], catch_exceptions=True)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert result.exit_code in (0, 1, 3)
    assert "Traceback" not in result.output
    assert "root:" not in result.output
    assert listing(folder) == before
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"数据问题清单.xlsx", "数据体检.html"}
    if result.exit_code:
        faults = pd.read_excel(tmp_path / "out" / "数据问题清单.xlsx", dtype=str, engine="calamine")
        assert file in set(faults["文件"])


def test_there_are_a_hundred_of_them():
    assert len(ugly.FILES) >= 100
    assert set(ugly.HOSTILE) <= set(ugly.FILES)


READ_THEM = """
import sys, tempfile, pathlib
sys.path.insert(0, {tests!r})
from worlds import ugly
from siteplan.core.errors import InputFaults
from siteplan.inputs.files.raw_table import Wanted
from siteplan.inputs.files.readers import read_table
for name in ugly.HOSTILE:
    file, content = ugly.FILES[name]
    path = pathlib.Path(tempfile.mkdtemp()) / file
    path.write_bytes(content)
    del content
    try:
        print(name, len(read_table(Wanted("properties"), path).frame))
    except InputFaults as error:
        print(name, error.faults[-1].problem)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print("peak_kib", peak.split()[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not say a process's peak")
def test_hostile_files_do_not_fill_the_memory():
    script = READ_THEM.format(tests=str(Path(ugly.__file__).parents[1]))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    said = dict(line.split() for line in done.stdout.splitlines())
    assert said["zip_bomb_xlsx"] == "too_large"
    assert said["far_cell"] == "too_wide"
    assert said["ods_of_repeats"] == said["column_beyond_the_last"] == "too_wide"
    assert said["points_to_a_file.gpkg"] == "points_elsewhere"
    assert said["billion_laughs"] == said["external_entity"] == "xml_entities"
    # the child's own peak: what the system adds up for children includes what their parent held at the fork
    assert int(said["peak_kib"]) < MOST_KIB


@pytest.mark.parametrize("table", ["population", "dem", "land_cover"])
@pytest.mark.parametrize("make", [ugly.huge_raster, ugly.float_cover])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_odd_rasters_end_in_a_report_or_a_message(table, make, two_counties, tmp_path):
    make(two_counties / "odd.tif")
    write_toml(two_counties, {f"inputs.{table}": {"path": "odd.tif"}})
    result = RUNNER.invoke(app, ["check", str(two_counties), "--out", str(tmp_path / "out")])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    assert (tmp_path / "out" / "数据体检.html").exists()


def test_a_folder_or_a_link_in_place_of_a_file(two_counties, tmp_path):
    (two_counties / "properties.xlsx").unlink()
    (two_counties / "properties.xlsx").mkdir()
    result = RUNNER.invoke(app, ["check", str(two_counties), "--out", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "properties.xlsx" in result.output


# --- anything at all ---------------------------------------------------------------------------------


@QUICK
@given(st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=6)), max_size=8), st.booleans())
def test_bytes_changed_anywhere_end_in_a_table_or_faults(tmp_path, changes, is_text):
    content = bytearray(ugly.GOOD.encode("gb18030") if is_text else ugly.workbook(ugly.good_rows()))
    for at, piece in changes:
        content[at : at + len(piece)] = piece
    path = tmp_path / ("a.csv" if is_text else "a.xlsx")
    path.write_bytes(bytes(content))
    found = faults_or_table(path)
    assert found


def faults_or_table(path):
    """Faults, or the rows of a table; anything else raised is a bug."""
    try:
        raw = read_table(Wanted("properties"), path)
    except InputFaults as error:
        return error.faults
    return len(raw.frame) == len(raw.rows)


CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.integers(-5, 5),
    st.floats(allow_nan=True),
    st.sampled_from(["经度", "纬度", "合计", "注：", "序号", "名称", " "]),
)


@QUICK
@given(st.lists(st.lists(CELLS, max_size=6), max_size=14))
def test_every_filled_line_is_title_header_record_or_named_as_left_out(rows):
    words = frozenset(["经度", "纬度", "名称"])
    found = lay_out(rows, [], lambda names: float(sum(name in words for name in names)), words)
    filled = [i + 1 for i, row in enumerate(rows) if any(text_of(cell) for cell in row)]
    if found is None:
        assert not filled
        return
    named = [name for name in found.headers if name]
    assert len(named) == len(set(named))
    below = [row for row in filled if row > found.header_row]
    assert sorted([*found.rows, *(line.row for line in found.skipped)]) == below
    assert all(len(record) == len(found.headers) for record in found.records)


@QUICK
@given(st.text(max_size=30))
def test_any_text_is_a_value_a_blank_or_a_fault(text):
    cells = pd.Series([text.strip()])
    for read in (numbers_of, dates_of, degrees_of):
        values, bad = read(cells)
        assert values.isna()[0] or not bad[0]
    assert len(split_pair(text)) == 2
