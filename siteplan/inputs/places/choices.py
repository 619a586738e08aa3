"""The sheet of doubtful addresses as a person filled it in.

Every row of the sheet holds its own guesses with coordinates, so a choice means
the same
place even when villages or names have changed since.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from siteplan.core.errors import Fault
from siteplan.inputs.files.raw_table import RawTable, Wanted
from siteplan.inputs.files.readers import read_table
from siteplan.inputs.places.datum import to_wgs84
from siteplan.inputs.places.gazetteer import PLACE_RADIUS_M
from siteplan.inputs.places.georeferencing import AddressChoice
from siteplan.inputs.tables.check import check_table
from siteplan.inputs.tables.networks import is_blank
from siteplan.project.input_files import Input

_DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")


def read_choices(path: Path, given: Input) -> tuple[dict[tuple[str, str], AddressChoice], list[Fault]]:
    """Read what was chosen; rows left open stay as they were found.

    Returns
    -------
    tuple
        Choices by table and id, and what was wrong with the others.

    Raises
    ------
    InputFaults
        If the file cannot be read or is another sheet.
    """
    raw = read_table(Wanted("located", given.layer, given.encoding, given.columns), path)
    checked = check_table(raw, given, "located")
    choices: dict[tuple[str, str], AddressChoice] = {}
    faults = [fault for fault in checked.faults if fault.severity != "note"]
    for i, row in enumerate(checked.frame.to_dict("records")):
        choice = _choice(row)
        if choice is not None:
            choices[str(row["table"]), str(row["source_id"])] = choice
        elif pd.notna(row.get("choice")) or pd.notna(row.get("longitude")):
            faults.append(_unclear(raw, int(checked.rows[i]), row))
    return choices, faults


def _unclear(raw: RawTable, record: int, row: dict[str, object]) -> Fault:
    return raw.fault("warning", "choice_unclear", record, "choice", value=str(row.get("choice")))


def _choice(row: dict[str, object]) -> AddressChoice | None:
    """Coordinates of one's own go before the number of a guess."""
    longitude, latitude = _number(row.get("longitude")), _number(row.get("latitude"))
    told = row.get("datum")
    datum = "wgs84" if is_blank(told) or not told else str(told).strip().lower().replace("-", "")
    if np.isfinite([longitude, latitude]).all():
        if datum not in _DATUMS or abs(latitude) > 90.0:
            return None
        east, north = to_wgs84(np.array([longitude]), np.array([latitude]), datum)
        return AddressChoice(float(east[0]), float(north[0]), PLACE_RADIUS_M, "A")
    number = _number(row.get("choice"))
    if number not in (1.0, 2.0, 3.0):
        return None
    guess = [_number(row.get(f"guess{number:.0f}_{part}")) for part in ("lon", "lat", "radius_m")]
    return AddressChoice(guess[0], guess[1], guess[2], "B") if np.isfinite(guess).all() else None


def _number(cell: object) -> float:
    return float(cell) if isinstance(cell, (int, float)) and cell is not None else float("nan")
