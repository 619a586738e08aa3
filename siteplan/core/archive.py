"""Arrays as bytes: numpy's own archive, the same bytes for the same arrays, read without running anything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def packed_arrays(arrays: Mapping[str, NDArray[Any]], **texts: str) -> bytes:
    """Arrays and texts in one archive, packed for speed.

    At the usual level half of the time goes into a tenth of the size.

    Parameters
    ----------
    arrays
        By name; ``numpy.load`` reads them.
    texts
        Beside them, each as a member of its name.

    Examples
    --------
    >>> data = packed_arrays({"a": np.arange(3)}, about="three numbers")
    >>> unpacked_arrays(data)[0]["a"].tolist(), unpacked_arrays(data)[1]
    ([0, 1, 2], {'about': 'three numbers'})
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in texts.items():
            with archive.open(name, "w") as member:  # unlike writestr, without the time of day
                member.write(text.encode())
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asanyarray(values), allow_pickle=False)
    return stream.getvalue()


def unpacked_arrays(data: bytes) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Arrays and texts of :func:`packed_arrays`."""
    arrays: dict[str, NDArray[Any]] = {}
    texts: dict[str, str] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(".npy"):
                arrays[name.removesuffix(".npy")] = np.lib.format.read_array(
                    io.BytesIO(content), allow_pickle=False
                )
            else:
                texts[name] = content.decode()
    return arrays, texts
