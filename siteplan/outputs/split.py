"""A quota shared out, as tables and as lines for the project file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from siteplan.core.files import csv_bytes, inert
from siteplan.outputs.sheets import plain
from siteplan.planning.split import QuotaSplit


def write_split(split: QuotaSplit, targets: Callable[[str], str], folder: Path) -> list[str]:
    """Write ``split.csv``, ``split_effects.csv``, and a file of targets a method.

    Parameters
    ----------
    split
        Shares and effects.
    targets
        Gives the lines of a method.
    folder
        Existing folder.
    """
    names = []
    for name, table in (("split.csv", split.counties), ("split_effects.csv", split.effects)):
        rows = [[inert(plain(value)) for value in row] for row in table.itertuples(index=False, name=None)]
        (folder / name).write_bytes(csv_bytes(list(table.columns), rows))
        names.append(name)
    for method in split.effects["method"]:
        name = f"targets_{method}.toml"
        (folder / name).write_text(targets(method), encoding="utf-8")
        names.append(name)
    return names
