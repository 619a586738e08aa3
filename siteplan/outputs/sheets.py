"""Tables as CSV that Excel opens right.

Text that a spreadsheet would run as a formula gets a leading apostrophe, and
loses exactly that apostrophe when it is read again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pandas as pd

from siteplan.core.files import csv_bytes, inert
from siteplan.outputs.proof import test_rows
from siteplan.planning.compare import Diff
from siteplan.planning.proposal import Proposal
from siteplan.project.columns import columns_of, names_of
from siteplan.words.catalogue import Lang, translate

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def printable(text: object) -> str:
    """Text without the signs XML forbids [str].

    Examples
    --------
    >>> printable("a\x01b"), printable(3)
    ('ab', '3')
    """
    return _FORBIDDEN.sub("", str(text))


def plain(value: object) -> object:
    """A value as a table for people holds it: no NaN, no numpy type, no endless decimals."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return "" if np.isnan(value) else _short(float(value))
    if isinstance(value, np.integer):
        return int(value)
    return value


def _short(value: float) -> float | int:
    rounded = round(value, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def records(table: pd.DataFrame, columns: Iterable[str]) -> list[list[object]]:
    """Rows of plain values."""
    names = list(columns)
    return [[plain(value) for value in row] for row in table[names].itertuples(index=False, name=None)]


def _csv(table: pd.DataFrame, kind: str, lang: Lang) -> bytes:
    """A table of the registry, with headers people read; programs take their names from the GeoPackage."""
    columns = columns_of(kind)
    rows = [[inert(value) for value in row] for row in records(table, [each.name for each in columns])]
    return csv_bytes([each.header(lang) for each in columns], rows)


def unproposed(proposal: Proposal) -> pd.DataFrame:
    """Places considered but not proposed, by status and id [DataFrame]."""
    table = proposal.places.candidates
    others = table[table["status"] != "PROPOSED"]
    return pd.DataFrame(others.sort_values(["status", "candidate_id"], kind="stable"))


def csv_files(plan: Proposal, lang: Lang = "zh") -> dict[str, bytes]:
    """The office's tables: ranked list, places not proposed with their rule, villages, rows left out, tests.

    Parameters
    ----------
    plan
        The plan, in words.
    lang
        Language of the headers.
    """
    later = later_rows(plan, lang)
    more = {"later_years.csv": _csv(later, "later_years", lang)} if len(later) else {}
    return more | {
        "candidates.csv": _csv(plan.places.proposed, "proposed", lang),
        "refused.csv": _csv(unproposed(plan), "not_proposed", lang),
        "villages.csv": _csv(plan.effects.villages, "village_results", lang),
        "rejected_rows.csv": _csv(plan.rejected, "rejected", lang),
        "tests.csv": _csv(test_rows(plan, lang), "tests", lang),
    }


def later_rows(plan: Proposal, lang: Lang) -> pd.DataFrame:
    """Places of the years after the first, in their order [DataFrame]."""
    bands = {band.id: band for band in plan.config.bands}
    networks = {network.id: network.name for network in plan.config.networks}
    comma = translate("join_comma", lang)
    rows = [
        {
            **site.model_dump(),
            "year": year.year,
            "source_type": translate(f"source_type_{site.source_type}", lang),
            "bands": comma.join(bands[band].name for band in site.bands),
            "networks": comma.join(dict.fromkeys(networks[bands[band].network] for band in site.bands)),
        }
        for year in plan.record.later_years
        for site in year.sites
    ]
    return pd.DataFrame(rows, columns=list(names_of("later_years")))


def changes_csv(diff: Diff) -> bytes:
    """What becomes of every place between two plans [bytes]."""
    names = [name for name in diff.rows.columns if name not in ("from", "geometry")]
    rows = [[inert(value) for value in row] for row in records(pd.DataFrame(diff.rows), names)]
    return csv_bytes(names, rows)
