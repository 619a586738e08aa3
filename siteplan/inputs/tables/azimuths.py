"""Azimuths nobody measured: three sectors of one mast that all look the same way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from siteplan.inputs.tables.angles import angles_of
from siteplan.inputs.tables.check import CheckedTable

_SECTORS = 3
"""Sectors of one mast and band from which one direction for all is a default of some export."""


def with_true_azimuths(checked: CheckedTable) -> CheckedTable:
    """Stations without azimuths that were never surveyed: a mast with three alike radiates all round.

    Parameters
    ----------
    checked
        Stations with ``site_id``, and ``azimuth_deg`` where the file has it; one row a band, or a sector.
    """
    if "azimuth_deg" not in checked.frame:
        return checked
    angles = [angles_of(cell) or () for cell in checked.frame["azimuth_deg"]]
    alike = np.array([len(each) >= _SECTORS and len(set(each)) == 1 for each in angles], dtype=bool)
    keys = checked.frame[["site_id", "network", "band"]].astype(str)
    single = np.array([each[0] if len(each) == 1 else np.nan for each in angles])
    for rows in keys.groupby(list(keys.columns), sort=False).indices.values():
        if len(rows) < _SECTORS:
            continue
        directions = single[rows]
        if np.isfinite(directions).all() and len(set(directions)) == 1:
            alike[rows] = True
    if not alike.any():
        return checked
    at = np.flatnonzero(alike)
    blank = checked.frame["azimuth_deg"].astype(object).where(~alike, "")
    fault = checked.raw.fault(
        "warning", "azimuths_alike", int(checked.rows[at[0]]), "azimuth_deg", count=len(at)
    )
    frame = checked.frame.assign(azimuth_deg=blank.to_numpy(dtype=object))
    return replace(checked, frame=frame, faults=(*checked.faults, fault))
