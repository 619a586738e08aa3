"""The covering problem as the engine sees it: equal rows merged, both ways to read it, memory in order.

Rows covered by exactly the same columns with the same shares are one row with the sum of their weights,
which changes no choice's value. A row's set of columns is told by 128 bits folded from random keys.

Merged rows keep the order of their first pixel and columns that of their middle
row, so what lies together on the ground lies together in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Shorts = NDArray[np.int32]
Keys = NDArray[np.uint64]

_KEY_SEED = 20230630
_WORTH_THREADS = 100_000


@dataclass(frozen=True, eq=False)
class Core:
    """A reduced problem.

    Attributes
    ----------
    indptr, rows, values
        a_ij by column: column j has ``rows[indptr[j]:indptr[j + 1]]``, ascending.
    row_ptr, cols, row_values
        The same by row.
    weight
        w_i of merged rows, all positive.
    column
        Original number of each column.
    row_of
        Merged row of each original row, -1 where it was dropped (no weight, or no column).
    """

    indptr: Ints
    rows: Shorts
    values: Singles
    row_ptr: Ints
    cols: Shorts
    row_values: Singles
    weight: Floats
    column: Ints
    row_of: Ints

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.indptr) - 1

    @cached_property
    def position(self) -> Ints:
        """Where each original column stands, the inverse of ``column``."""
        found = np.empty(self.columns, dtype=np.int64)
        found[self.column] = np.arange(self.columns)
        return found

    @property
    def is_boolean(self) -> bool:
        """Whether every share is 1."""
        return bool((self.values == 1.0).all())


def reduced(indptr: Ints, rows: Shorts, values: Singles, weight: Floats) -> Core:
    """Merge equal rows, drop empty ones, put columns in the order of the ground.

    Parameters
    ----------
    indptr, rows, values
        a_ij by column.
    weight
        w_i, not negative.

    Returns
    -------
    Core
        A problem in which every choice of columns has the value it had.
    """
    columns = len(indptr) - 1
    order = np.argsort(_middle_rows(indptr, rows), kind="stable")
    keys = np.random.default_rng(_KEY_SEED).integers(1, 2**63, (2, columns), dtype=np.uint64)
    with np.errstate(over="ignore"):  # keys wrap around, which plain Python would warn of
        signature, degree = _signatures(indptr, rows, values.view(np.uint32), keys, len(weight))
    used = np.flatnonzero((degree > 0) & (weight > 0))
    row_of, count = _numbered(signature, used, len(weight))
    merged = np.bincount(row_of[used], weights=weight[used], minlength=count).astype(np.float64)
    new_ptr, new_rows, new_values = _columns_of(indptr, rows, values, order, row_of, _firsts(row_of, count))
    row_ptr, cols, row_values = transposed(new_ptr, new_rows, new_values, count)
    return Core(new_ptr, new_rows, new_values, row_ptr, cols, row_values, merged, order, row_of)


def _middle_rows(indptr: Ints, rows: Shorts) -> Ints:
    """Row in the middle of each column; the number of rows where it is empty."""
    middle = (indptr[:-1] + indptr[1:]) // 2
    filled = indptr[1:] > indptr[:-1]
    found = np.full(len(indptr) - 1, np.iinfo(np.int64).max, dtype=np.int64)
    found[filled] = rows[middle[filled]]
    return found


def _numbered(signature: Keys, used: Ints, count: int) -> tuple[Ints, int]:
    """Number of the merged row of each row, in the order of first appearance."""
    row_of = np.full(count, -1, dtype=np.int64)
    room = 2 << len(used).bit_length()  # a power of two, at most half of it ever filled
    return row_of, int(_number(signature, used, np.full(room, -1, dtype=np.int64), row_of))


@njit(cache=True, nogil=True)
def _number(signature: Keys, used: Ints, slots: Ints, row_of: Ints) -> int:
    """Rows of equal signature get one number, by a table of open slots that holds the first row of each."""
    mask, count = np.uint64(len(slots) - 1), 0
    for i in used:
        slot = (signature[0, i] ^ (signature[0, i] >> np.uint64(32))) & mask
        while slots[slot] >= 0:
            first = slots[slot]
            if signature[0, first] == signature[0, i] and signature[1, first] == signature[1, i]:
                break
            slot = (slot + np.uint64(1)) & mask
        if slots[slot] < 0:
            slots[slot], row_of[i] = i, count
            count += 1
        else:
            row_of[i] = row_of[slots[slot]]
    return count


def _firsts(row_of: Ints, count: int) -> Ints:
    """First original row of each merged row."""
    first = np.full(count, len(row_of), dtype=np.int64)
    used = np.flatnonzero(row_of >= 0)
    np.minimum.at(first, row_of[used], used)
    return first


@njit(cache=True, nogil=True)
def _signatures(
    indptr: Ints, rows: Shorts, bits: NDArray[np.uint32], keys: Keys, count: int
) -> tuple[Keys, Ints]:
    """What covers each row (column and all bits of the share) folded to 128 bits, and how many columns do.

    Keys are stirred with the bits of the share; they wrap around, which is meant.
    """
    found, degree = np.zeros((2, count), np.uint64), np.zeros(count, np.int64)
    one, two, far = np.uint64(1), np.uint64(2), np.uint64(31)
    for j in range(len(indptr) - 1):
        for k in range(indptr[j], indptr[j + 1]):
            i, odd = rows[k], np.uint64(bits[k]) * two + one
            found[0, i] ^= keys[0, j] * odd
            found[1, i] ^= keys[1, j] * (odd ^ (odd << far))
            degree[i] += 1
    return found, degree


@njit(cache=True, nogil=True)
def _columns_of(
    indptr: Ints, rows: Shorts, values: Singles, order: Ints, row_of: Ints, first: Ints
) -> tuple[Ints, Shorts, Singles]:
    """Columns in a new order over merged rows."""
    n = len(order)
    new_ptr = np.zeros(n + 1, np.int64)
    for c in range(n):
        j = order[c]
        kept = 0
        for k in range(indptr[j], indptr[j + 1]):
            i = rows[k]
            if row_of[i] >= 0 and first[row_of[i]] == i:
                kept += 1
        new_ptr[c + 1] = new_ptr[c] + kept
    new_rows = np.empty(new_ptr[n], np.int32)
    new_values = np.empty(new_ptr[n], np.float32)
    for c in range(n):
        j = order[c]
        at = new_ptr[c]
        for k in range(indptr[j], indptr[j + 1]):
            i = rows[k]
            if row_of[i] >= 0 and first[row_of[i]] == i:
                new_rows[at] = row_of[i]
                new_values[at] = values[k]
                at += 1
    return new_ptr, new_rows, new_values


@njit(cache=True, nogil=True)
def transposed(indptr: Ints, rows: Shorts, values: Singles, count: int) -> tuple[Ints, Shorts, Singles]:
    """The same entries by row, columns ascending.

    Parameters
    ----------
    indptr, rows, values
        By column.
    count
        Number of rows.

    Returns
    -------
    tuple of ndarray
        Pointer, columns and values by row.
    """
    row_ptr = np.zeros(count + 1, np.int64)
    for k in range(len(rows)):
        row_ptr[rows[k] + 1] += 1
    for i in range(count):
        row_ptr[i + 1] += row_ptr[i]
    at = row_ptr[:-1].copy()
    cols = np.empty(len(rows), np.int32)
    row_values = np.empty(len(rows), np.float32)
    for j in range(len(indptr) - 1):
        for k in range(indptr[j], indptr[j + 1]):
            i = rows[k]
            cols[at[i]] = j
            row_values[at[i]] = values[k]
            at[i] += 1
    return row_ptr, cols, row_values


def gathered(indptr: Ints, rows: Shorts, values: Singles, columns: Ints) -> tuple[Ints, Shorts, Singles]:
    """Some columns, packed.

    Parameters
    ----------
    indptr, rows, values
        By column.
    columns
        Which to keep.

    Returns
    -------
    tuple of ndarray
        Pointer, rows and values of these.
    """
    ptr = np.concatenate([[0], np.cumsum(indptr[columns + 1] - indptr[columns])]).astype(np.int64)
    return ptr, *_packed(indptr, rows, values, columns, ptr)


@njit(cache=True, nogil=True)
def _packed(indptr: Ints, rows: Shorts, values: Singles, columns: Ints, ptr: Ints) -> tuple[Shorts, Singles]:
    new_rows = np.empty(ptr[-1], np.int32)
    new_values = np.empty(ptr[-1], np.float32)
    for c in range(len(columns)):
        start = indptr[columns[c]]
        for k in range(ptr[c + 1] - ptr[c]):
            new_rows[ptr[c] + k] = rows[start + k]
            new_values[ptr[c] + k] = values[start + k]
    return new_rows, new_values


def picked(ptr: Ints, order: Ints) -> tuple[Ints, Ints]:
    """Some lists of a packed table in a new order.

    Parameters
    ----------
    ptr
        List k has the entries ``ptr[k]:ptr[k + 1]``.
    order
        Lists wanted.

    Returns
    -------
    tuple of ndarray
        The new pointer, and which entries follow each other.
    """
    lengths = ptr[order + 1] - ptr[order]
    new = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return new, np.repeat(ptr[order] - new[:-1], lengths) + np.arange(new[-1])


def column_sums(indptr: Ints, rows: Shorts, values: Singles, prices: Floats) -> Floats:
    """c_j = sum_i a_ij u_i, the same with any number of threads.

    Parameters
    ----------
    indptr, rows, values
        By column.
    prices
        u_i.

    Returns
    -------
    ndarray
        Shape (columns,).
    """
    with threads_for(len(rows)):
        return np.asarray(_column_sums(indptr, rows, values, prices))


@contextmanager
def threads_for(entries: int) -> Iterator[None]:
    """One thread where waiting for a second would cost more than it brings.

    Parameters
    ----------
    entries
        Matrix entries one pass touches.
    """
    known = numba.get_num_threads()
    numba.set_num_threads(known if entries >= _WORTH_THREADS else 1)
    try:
        yield
    finally:
        numba.set_num_threads(known)


@njit(cache=True, nogil=True, parallel=True)
def _column_sums(indptr: Ints, rows: Shorts, values: Singles, prices: Floats) -> Floats:
    found = np.zeros(len(indptr) - 1)
    for j in prange(len(indptr) - 1):
        total = 0.0
        for k in range(indptr[j], indptr[j + 1]):
            total += values[k] * prices[rows[k]]
        found[j] = total
    return found
