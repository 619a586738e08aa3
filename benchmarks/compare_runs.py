"""Hold a run folder written before run schema 2 against a new one, value by value.

``python benchmarks/compare_runs.py OLD NEW`` compares the CSV tables cell by cell and ``run.json`` key by
key, through the names in ``names_before_schema_2.toml``; it ends with 1 where something differs that is not
wanted.
"""

import csv
import json
import sys
import tomllib
from pathlib import Path

NAMES = tomllib.loads(Path(__file__).with_name("names_before_schema_2.toml").read_text(encoding="utf-8"))
TABLES = ("candidates.csv", "refused.csv", "villages.csv")
MOST = 5


def rows_of(path):
    """Rows of a CSV by today's column names."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [{NAMES["columns"].get(k, k): v for k, v in row.items()} for row in csv.DictReader(file)]


def flat(node, prefix=""):
    """Leaves of a record by dotted path; a list is one leaf."""
    for key, value in node.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from flat(value, f"{path}.")
        else:
            yield path, value


def renamed(path):
    """Today's path of a key of an old record."""
    for old, new in sorted(NAMES["record"].items(), key=lambda pair: -len(pair[0])):
        if isinstance(new, str) and (path == old or path.startswith(f"{old}.")):
            return new + path[len(old) :]
    head, _, rest = path.partition(".")
    if head == "model" and rest.partition(".")[0] in NAMES["record"]["moved"]["keys"]:
        return f"model.terrain.{rest}"
    return path


def is_wanted(path):
    """Whether a difference at a path is intended."""
    return any(path == each or path.startswith(f"{each}.") for each in NAMES["wanted"])


def main():
    """Print every difference; count those that are not wanted."""
    old, new = (Path(each) for each in sys.argv[1:3])
    wrong = 0
    for name in TABLES:
        before, after = rows_of(old / name), rows_of(new / name)
        unequal = [
            (i, column, a[column], b.get(column))
            for i, (a, b) in enumerate(zip(before, after, strict=False))
            for column in a
            if a[column] != b.get(column)
        ]
        cells = sum(len(row) for row in before)
        print(f"{name}: {len(before)} and {len(after)} rows, {cells} cells, {len(unequal)} differ")
        wrong += len(unequal) + abs(len(before) - len(after))
        for line in unequal[:MOST]:
            print("   ", *line)
    was, now = (json.loads((folder / "run.json").read_text("utf-8")) for folder in (old, new))
    after = dict(flat(now))
    compared = 0
    for path, value in flat(was):
        today = renamed(path)
        if is_wanted(today):
            continue
        compared += 1
        if after.get(today) != value:
            wrong += 1
            print(f"run.json {path}: {str(value)[:60]} -> {today}: {str(after.get(today))[:60]}")
    print(f"run.json: {compared} values compared, {wrong} differences in all that are not wanted")
    for path, reason in NAMES["wanted"].items():
        print(f"    not compared: {path} ({reason})")
    sys.exit(int(wrong > 0))


main()
