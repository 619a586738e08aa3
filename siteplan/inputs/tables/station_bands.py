"""Networks and bands of stations as ids: a cell may name several, and a band belongs to its network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from siteplan.core.errors import Fault
from siteplan.inputs.files.headers import normalise
from siteplan.inputs.tables.check import CheckedTable
from siteplan.inputs.tables.networks import is_blank, network_names, network_words
from siteplan.project.schema import Config


def with_bands(checked: CheckedTable, config: Config) -> CheckedTable:
    """One row a network and band.

    Parameters
    ----------
    checked
        Stations with ``network`` and ``band`` as written.
    config
        The project: words for networks, and for the bands of each.

    Returns
    -------
    CheckedTable
        With ids; a cell that names several gives several rows. A row is rejected when a word is unknown, or
        when a band is none of its network's.
    """
    networks, bands = network_names(config), _bands_by_word(config)
    owner = {band.id: band.network for band in config.bands}
    rows: list[tuple[int, str, str]] = []
    faults: list[Fault] = []
    for i, cells in enumerate(zip(checked.frame["network"], checked.frame["band"], strict=True)):
        ids, found = words_meant(cells[0], networks), words_meant(cells[1], bands)
        pairs = [(n, b) for n in ids for words in found for b in words.split("|") if owner[b] == n]
        matched = {word for word in found if any(b in word.split("|") for _, b in pairs)}
        if not ids:
            known = tuple(dict.fromkeys(networks.values()))
            faults.append(_fault(checked, i, "unknown_network", "network", cells, known))
        elif not found:
            faults.append(_fault(checked, i, "unknown_band", "band", cells, tuple(owner)))
        elif len(matched) < len(found):
            own = tuple(b for b in owner if owner[b] in ids)
            faults.append(_fault(checked, i, "band_of_another", "band", cells, own))
        else:
            rows += [(i, network, band) for network, band in pairs]
    return _exploded(replace(checked, faults=(*checked.faults, *faults)), rows)


def _fault(
    checked: CheckedTable, i: int, problem: str, column: str, cells: Sequence[object], known: tuple[str, ...]
) -> Fault:
    value = cells[0] if column == "network" else cells[1]
    record = int(checked.rows[i])
    return checked.raw.fault("rejected", problem, record, column, value=value, found=known, other=cells[0])


def words_meant(cell: object, known: Mapping[str, str]) -> list[str]:
    """What the words of a cell mean, whole or one by one; empty when one of them means nothing.

    Examples
    --------
    >>> known = {"700m": "low", "2.6g": "mid", "2.6g/700m": "both"}
    >>> words_meant("700M+2.6G", known), words_meant("2.6G/700M", known), words_meant("700M、5G", known)
    (['low', 'mid'], ['both'], [])
    """
    if is_blank(cell):
        return []
    if normalise(cell) in known:
        return [known[normalise(cell)]]
    words = [normalise(word) for word in network_words(cell)]
    return list(dict.fromkeys(known[word] for word in words)) if all(word in known for word in words) else []


def _bands_by_word(config: Config) -> dict[str, str]:
    """Ids of the bands a word may mean, joined by "|": two networks may call theirs alike."""
    words: dict[str, list[str]] = {}
    for band in config.bands:
        for word in dict.fromkeys(normalise(each) for each in (band.id, band.name, *band.aliases)):
            words.setdefault(word, []).append(band.id)
    return {word: "|".join(ids) for word, ids in words.items()}


def _exploded(checked: CheckedTable, rows: Sequence[tuple[int, str, str]]) -> CheckedTable:
    """Records repeated for each network and band of theirs; repeated ones get an id of their own."""
    at = np.array([i for i, _, _ in rows], dtype=np.int64)
    frame = checked.frame.iloc[at].reset_index(drop=True)
    frame = frame.assign(network=[network for _, network, _ in rows], band=[band for _, _, band in rows])
    several = pd.Series(at).duplicated(keep=False).to_numpy()
    ids = frame["station_id"].astype(str)
    frame["station_id"] = ids.where(~several, ids + "/" + frame["band"].astype(str)).to_numpy(dtype=object)
    geometry = None if checked.geometry is None else checked.geometry.iloc[at].reset_index(drop=True)
    return replace(checked, frame=frame, rows=checked.rows[at], geometry=geometry)
