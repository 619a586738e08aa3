"""A plan as files that only siteplan reads: ``read_state(write_state(plan)) == plan``.

Tables and small values stand in one JSON, arrays in one NPZ; the record and the project file stand beside
them as people read them. Nothing here depends on the time or the machine, so equal plans give equal bytes.
"""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, get_args
from zipfile import BadZipFile

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pydantic import ValidationError

from siteplan.core.archive import packed_arrays
from siteplan.core.errors import Fault, SiteplanError
from siteplan.core.grid import Grid, Raster
from siteplan.planning.proof.proof import PlanProof
from siteplan.planning.proposal import (
    ExistingNetwork,
    PlanArea,
    PlanEffects,
    Proposal,
    RankedPlaces,
    ServiceReach,
    main_layer,
)
from siteplan.planning.run_record import RunCosts, RunRecord
from siteplan.project.project_file import parse_config
from siteplan.project.schema import Config
from siteplan.words.catalogue import Key

RECORD, CONFIG = "run.json", "config.json"
TABLES, ARRAYS = "state/tables.json", "state/arrays.npz"
_PARTS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        PlanArea,
        ExistingNetwork,
        RankedPlaces,
        PlanEffects,
        PlanProof,
        ServiceReach,
        Fault,
        Grid,
        Raster,
    )
}
_SAVED = ("area", "existing", "places", "effects", "faults", "rejected", "proof")
Scalar = str | int | float | bool | None


def write_state(plan: Proposal) -> dict[str, bytes]:
    """Everything a plan holds, as the files of a run folder."""
    arrays: dict[str, NDArray[Any]] = {}
    tree = {name: _packed(getattr(plan, name), arrays) for name in _SAVED}
    config = plan.config.model_dump_json(by_alias=True, indent=2) + "\n"
    return {
        RECORD: plan.record.to_json(),
        CONFIG: config.encode(),
        TABLES: json.dumps(tree, ensure_ascii=False, allow_nan=False).encode(),
        ARRAYS: packed_arrays(arrays),
    }


def read_state(files: Mapping[str, bytes], name: str) -> Proposal:
    """A plan from the files of its run folder.

    Parameters
    ----------
    files
        Content by path, as :func:`write_state` gave it.
    name
        Of the folder, for messages.

    Returns
    -------
    Proposal
        Equal to the one that was written.

    Raises
    ------
    SiteplanError
        If a file is missing or is not what this version writes.
    """
    try:
        record = read_record(files[RECORD], name)
        config = parse_config(json.loads(files[CONFIG]), CONFIG)
        with np.load(io.BytesIO(files[ARRAYS]), allow_pickle=False) as arrays:
            parts = {key: _unpacked(node, arrays) for key, node in json.loads(files[TABLES]).items()}
    except (KeyError, ValueError, TypeError, OSError, BadZipFile) as error:
        raise SiteplanError("no_run_folder", path=name, detail=str(error)) from error
    return Proposal(config=config, record=record, **{**parts, "places": _completed(parts["places"], config)})


_LATER: dict[str, object] = {
    "address": "",
    "existing_nearby": None,
    "village_distance_m": np.nan,
    "village_direction": 0,
}
"""Columns of ranked rows that runs written earlier lack, with what stands for not known."""


def _completed(places: RankedPlaces, config: Config) -> RankedPlaces:
    """Ranked rows with the columns of today, so that a list that went out earlier can still be read."""
    table = places.proposed
    lacking = {name: value for name, value in _LATER.items() if name not in table}
    if "purpose" not in table:
        lacking["purpose"] = [main_layer(dict(gains), config) for gains in table["gain_by_layer"]]
    return replace(places, proposed=table.assign(**lacking)) if lacking else places


def read_record(content: bytes, name: str) -> RunRecord:
    """The record of a run.

    Raises
    ------
    SiteplanError
        If it is none, or of another schema.
    """
    try:
        data = json.loads(content)
        costs = RunCosts.model_validate(data.pop("costs", {}))
        return RunRecord.model_validate(data).model_copy(update={"costs": costs})
    except (ValidationError, ValueError, AttributeError) as error:
        raise SiteplanError("no_run_folder", path=name, detail=str(error)[:300]) from error


# --- packing -----------------------------------------------------------------------------------------


def _packed(value: object, arrays: dict[str, NDArray[Any]]) -> Any:
    if value is None or isinstance(value, (*get_args(Scalar), np.generic)):
        return _cell(value)
    if isinstance(value, pd.DataFrame):
        return {"table": _table(value, arrays)}
    if isinstance(value, np.ndarray):
        return {"array": _kept(value, arrays)}
    if isinstance(value, tuple):
        return {"tuple": [_packed(each, arrays) for each in value]}
    if isinstance(value, dict):
        return {"dict": [[key, _packed(each, arrays)] for key, each in value.items()]}
    if type(value).__name__ in _PARTS:
        content = {f.name: _packed(getattr(value, f.name), arrays) for f in fields(value)}  # type: ignore[arg-type]
        return {"part": type(value).__name__, "content": content}
    raise TypeError(f"cannot keep {type(value).__name__}")


def _kept(value: NDArray[Any], arrays: dict[str, NDArray[Any]]) -> str:
    name = f"a{len(arrays)}"
    arrays[name] = value
    return name


def _table(table: pd.DataFrame, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Columns by dtype: numbers as arrays, shapes as WKB, everything else cell by cell."""
    shape = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else None
    plain = isinstance(table.index, pd.RangeIndex) and table.index.equals(pd.RangeIndex(len(table)))
    return {
        "columns": [_column(str(name), table[name], arrays) for name in table.columns],
        "geometry": shape,
        "crs": str(table.crs) if isinstance(table, gpd.GeoDataFrame) and table.crs else None,
        "index": None if plain else _kept(table.index.to_numpy(np.int64), arrays),
        "rows": len(table),
    }


def _column(name: str, column: pd.Series, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    kind = str(column.dtype)
    if kind == "geometry":
        data: Any = shapely.to_wkb(column.to_numpy(), hex=True).tolist()
    elif kind.startswith("datetime64"):
        data = _kept(column.to_numpy().astype("datetime64[ns]").astype(np.int64), arrays)
    elif column.dtype.kind in "biuf" and isinstance(column.dtype, np.dtype):
        data = _kept(column.to_numpy(), arrays)
    else:
        data = [_cell(each) for each in column]
    return {"name": name, "dtype": kind, "data": data}


def _cell(value: object) -> Any:
    """A cell as JSON; what JSON has no word for is tagged."""
    if isinstance(value, np.generic):
        value = value.item()
    for kind, tag, write in _TAGGED:
        if isinstance(value, kind):
            return {tag: write(value)}
    if isinstance(value, float) and not np.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, (tuple, list)):
        return [_cell(each) for each in value]
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(f"cannot keep a cell of {type(value).__name__}")


def _pairs(value: dict[str, object]) -> list[list[Any]]:
    return [[key, _cell(each)] for key, each in value.items()]


_TAGGED: tuple[tuple[Any, str, Callable[[Any], Any]], ...] = (
    (Key, "key", str),
    (type(pd.NaT), "missing", lambda _: "NaT"),
    (type(pd.NA), "missing", lambda _: "NA"),
    (dt.datetime, "time", lambda value: value.isoformat()),
    (dt.date, "date", lambda value: value.isoformat()),
    (dict, "dict", _pairs),
)
"""Kinds of cells JSON has no word for, with their tag; a moment is a date as well, so it stands first."""


# --- unpacking ---------------------------------------------------------------------------------------


def _unpacked(node: Any, arrays: Mapping[str, NDArray[Any]]) -> Any:
    if not isinstance(node, dict):
        return node
    (tag, value), *_ = node.items()
    readers: dict[str, Callable[[], Any]] = {
        "table": lambda: _table_of(value, arrays),
        "array": lambda: arrays[value],
        "tuple": lambda: tuple(_unpacked(each, arrays) for each in value),
        "dict": lambda: {key: _unpacked(each, arrays) for key, each in value},
        "part": lambda: _PARTS[value](
            **{key: _unpacked(each, arrays) for key, each in node["content"].items()}
        ),
    }
    return readers[tag]() if tag in readers else _cell_of(node)


def _table_of(node: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    index = pd.RangeIndex(node["rows"]) if node["index"] is None else pd.Index(arrays[node["index"]])
    columns = {each["name"]: _column_of(each, arrays, index) for each in node["columns"]}
    table = pd.DataFrame(columns, index=index)
    if node["geometry"] is None:
        return table
    return gpd.GeoDataFrame(table, geometry=node["geometry"], crs=node["crs"])


def _column_of(node: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], index: pd.Index) -> pd.Series:
    kind, data = node["dtype"], node["data"]
    if kind == "geometry":
        return gpd.GeoSeries(shapely.from_wkb(data), index=index)
    if kind.startswith("datetime64"):
        return pd.Series(arrays[data].astype("datetime64[ns]"), index=index).astype(kind)
    if isinstance(data, str):
        return pd.Series(arrays[data], index=index)
    cells = np.empty(len(data), dtype=object)
    for i, each in enumerate(data):
        cells[i] = _cell_of(each)
    return pd.Series(cells, index=index, dtype=object).astype(kind)


def _cell_of(cell: Any) -> Any:
    if isinstance(cell, list):
        return tuple(_cell_of(each) for each in cell)
    if not isinstance(cell, dict):
        return cell
    (tag, value), *_ = cell.items()
    readers = {
        "key": Key,
        "float": float,
        "time": pd.Timestamp,
        "date": dt.date.fromisoformat,
        "missing": {"NaT": pd.NaT, "NA": pd.NA}.get,
    }
    if tag == "dict":
        return {key: _cell_of(each) for key, each in value}
    return readers[tag](value)
