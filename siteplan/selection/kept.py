"""A selection as bytes, and the content of a problem in a few: the same task need not be solved twice.

Nothing is trusted that is read back: whoever takes a kept selection checks it like a new one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from siteplan.core.archive import packed_arrays, unpacked_arrays
from siteplan.selection.problem import Certificate, CoverProblem, Selection

_VERSION = "selection-1"
"""Part of every key; raised whenever the search gives other answers."""


def digest_of(problem: CoverProblem, *asked: object) -> bytes:
    """Hash of everything a selection depends on.

    Parameters
    ----------
    problem
        The problem.
    asked
        Gap, work, seed and whatever else steers the search.

    Returns
    -------
    bytes
        Equal for equal tasks only.
    """
    whole = hashlib.blake2b(repr((_VERSION, asked)).encode(), digest_size=16)
    _add(whole, problem)
    return whole.digest()


def _add(whole: Any, value: object) -> None:
    """Put a value into a hash: its kind, its size, its content."""
    if isinstance(value, np.ndarray):
        whole.update(f"{value.dtype.str}{value.shape}".encode())
        whole.update(np.ascontiguousarray(value).tobytes())
    elif is_dataclass(value):
        for each in fields(value):
            whole.update(each.name.encode())
            _add(whole, getattr(value, each.name))
    elif isinstance(value, tuple):
        whole.update(f"({len(value)}".encode())
        for each in value:
            _add(whole, each)
    else:
        whole.update(repr(value).encode())


def packed(selection: Selection) -> bytes:
    """A selection as an archive of arrays, its figures as JSON beside them."""
    arrays: dict[str, NDArray[Any]] = {}
    plain = {"selection": _parts(selection, arrays, ""), "certificate": {}}
    plain["certificate"] = _parts(selection.certificate, arrays, "certificate.")
    return packed_arrays(arrays, plain=json.dumps(plain))


def _parts(value: Selection | Certificate, arrays: dict[str, NDArray[Any]], before: str) -> dict[str, Any]:
    """Fields that are no arrays; the arrays go where they are asked for."""
    plain: dict[str, Any] = {}
    for each in fields(value):
        content = getattr(value, each.name)
        if isinstance(content, np.ndarray):
            arrays[before + each.name] = content
        elif each.name == "village_prices":
            plain[each.name] = len(content)
            arrays |= {f"{before}{each.name}.{k}": prices for k, prices in enumerate(content)}
        elif each.name != "certificate":
            plain[each.name] = content
    return plain


def unpacked(data: bytes) -> Selection:
    """The selection that :func:`packed` was given."""
    arrays, texts = unpacked_arrays(data)
    plain = json.loads(texts["plain"])
    certificate = _content(Certificate, plain["certificate"], arrays, "certificate.")
    return Selection(
        **_content(Selection, plain["selection"], arrays, ""), certificate=Certificate(**certificate)
    )


def _content(
    kind: type, plain: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], before: str
) -> dict[str, Any]:
    """Fields of a dataclass from both kinds."""
    found: dict[str, Any] = {}
    for each in fields(kind):
        if before + each.name in arrays:
            found[each.name] = arrays[before + each.name]
        elif each.name == "village_prices":
            found[each.name] = tuple(arrays[f"{before}{each.name}.{k}"] for k in range(plain[each.name]))
        elif each.name == "conflict_sets":
            found[each.name] = tuple(tuple(members) for members in plain[each.name])
        elif each.name in plain:
            found[each.name] = plain[each.name]
    return found
