"""Words for networks and bands: ids, names and aliases of the project file.

A cell may name several networks; an empty cell means any of them.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from siteplan.inputs.files.headers import normalise
from siteplan.project.schema import Config


def network_names(config: Config) -> dict[str, str]:
    """Network id by every name it goes by, normalised."""
    return names_of([(each.id, each.name, *each.aliases) for each in config.networks])


def split_networks(text: object, known: dict[str, str]) -> tuple[str, ...]:
    """Networks named in one cell, such as "移动、电信"; empty means any.

    Returns
    -------
    tuple of str
        Ids in the order named, each once; unknown words are left out.

    Examples
    --------
    >>> split_networks("移动、联通", {"移动": "A", "联通": "B"})
    ('A', 'B')
    """
    if is_blank(text):
        return ()
    ids = [known[normalise(part)] for part in network_words(text) if normalise(part) in known]
    return tuple(dict.fromkeys(ids))


def is_blank(text: object) -> bool:
    """Whether a cell says nothing [bool]."""
    return text is None or text is pd.NA or (isinstance(text, float) and np.isnan(text))


def network_words(text: object) -> list[str]:
    """Words of a cell that may name several networks [list of str]."""
    return [part for part in re.split(r"[、,，;；/+＋和&]", str(text)) if part.strip()]


def names_of(groups: list[tuple[str, ...]]) -> dict[str, str]:
    """First name of each group by every name in it, normalised [dict]."""
    return {normalise(name): group[0] for group in groups for name in group}
