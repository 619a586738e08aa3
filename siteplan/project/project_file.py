"""Reading the project file and its calibration; every fault with its dotted path."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from siteplan.core.errors import ConfigError, ConfigFault
from siteplan.project.part import ProjectPart
from siteplan.project.province import ProvinceFile
from siteplan.project.radio import Calibration
from siteplan.project.schema import REFERENCES, Config, clutter_kinds

_Model = TypeVar("_Model", bound=ProjectPart)
_QUOTED = re.compile(r"'([^']*)'")
_EXPLAINED = {
    "missing",
    "extra_forbidden",
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "too_short",
    "string_type",
    "string_pattern_mismatch",
    "int_type",
    "int_parsing",
    "int_from_float",
    "float_type",
    "float_parsing",
    "finite_number",
    "bool_type",
    "bool_parsing",
    "date_type",
    "date_parsing",
    "date_from_datetime_parsing",
    "date_from_datetime_inexact",
    "tuple_type",
    "list_type",
    "dict_type",
    "model_type",
    "eirp_or_parts",
    "city_twice",
    "fixed_too_many",
}
"""Kinds of faults the catalogue has words for, under ``config_<kind>``; others keep the validator's own."""
_RENAMED = {
    "coverage.level": "coverage.propagation",
    "level": "propagation",
    "coverage.spread_below_mhz": "coverage.comparison_below_mhz",
    "coverage.spread_shadow_db": "coverage.comparison_shadow_db",
    "coverage.spread_sample": "coverage.comparison_sample",
    "replan.change_cost": "replan.change_penalty",
}
"""Keys of earlier project files, and what they are called now."""


def load_config(path: Path) -> Config:
    """Read and check a project file.

    Parameters
    ----------
    path
        ``project.toml`` or the folder that holds it.

    Raises
    ------
    ConfigError
        With every fault and its dotted path.
    """
    file = path / "project.toml" if path.is_dir() else path
    try:
        data = _toml_of(file)
    except FileNotFoundError as error:
        raise _file_error(file, "no_project_file") from error
    except OSError as error:
        raise _file_error(file, "project_file_unreadable", detail=str(error)) from error
    config = parse_config(data, file.name)
    named = config.coverage.calibration
    return read_calibration(config, file.parent / named) if named else config


PROVINCE = "province.toml"


def is_province(folder: Path) -> bool:
    """Whether a folder is a province: cities with projects of their own."""
    return (folder / PROVINCE).is_file()


def load_province(folder: Path) -> ProvinceFile:
    """Read and check a province's file.

    Raises
    ------
    ConfigError
        With every fault and its dotted path.
    """
    file = folder / PROVINCE
    try:
        data = _toml_of(file)
    except OSError as error:
        raise _file_error(file, "project_file_unreadable", detail=str(error)) from error
    return _validated(ProvinceFile, data, file.name)


def _file_error(file: Path, key: str, **values: object) -> ConfigError:
    return ConfigError([ConfigFault(str(file), "", key, values)])


def _toml_of(file: Path) -> dict[str, object]:
    """Content of a TOML file; each kind of file says itself what it means that one cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _file_error(file, "not_toml", detail=str(error)) from error


def read_calibration(config: Config, file: Path) -> Config:
    """Read a calibration file into a project.

    Returns
    -------
    Config
        With ``fitted``.

    Raises
    ------
    ConfigError
        If the file cannot be read, or does not fit the project.
    """
    try:
        data = _toml_of(file)
    except OSError as error:
        raise _file_error(file, "calibration_unreadable", detail=str(error)) from error
    return with_calibration(config, data, file.name)


def with_calibration(config: Config, data: dict[str, object], name: str = "calibration.toml") -> Config:
    """A project whose model is calibrated.

    Returns
    -------
    Config
        With ``fitted``.

    Raises
    ------
    ConfigError
        With every fault and its dotted path; also for bands or cover classes the project does not have.
    """
    fitted = _validated(Calibration, data, name)
    known = {
        "bands": ({band.id for band in config.bands}, set(fitted.bands)),
        "clutter_db": ({kind.id for kind in clutter_kinds(config)}, set(fitted.clutter_db)),
    }
    strange = sorted(f"{key}.{each}" for key, (ours, theirs) in known.items() for each in theirs - ours)
    if strange:
        raise ConfigError([ConfigFault(name, path, "not_in_project") for path in strange])
    return Config.model_validate(config.model_dump(by_alias=True) | {"fitted": fitted})


def parse_config(data: dict[str, object], name: str = "project.toml") -> Config:
    """Check the content of a project file.

    Raises
    ------
    ConfigError
        With every fault and its dotted path.
    """
    return _validated(Config, data, name)


def _validated(model: type[_Model], data: dict[str, object], name: str) -> _Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults: list[Mapping[str, Any]] = [dict(fault) for fault in error.errors(include_url=False)]
        own = [fault for fault in faults if not _follows_from_another(fault["loc"], fault["type"], faults)]
        raise ConfigError([each for fault in own for each in _faults_of(fault, data, name)]) from error


def _follows_from_another(
    location: tuple[int | str, ...], kind: str, faults: Sequence[Mapping[str, Any]]
) -> bool:
    """A list is "too short" only because its members failed."""
    deeper = (each["loc"] for each in faults if len(each["loc"]) > len(location))
    return kind == "too_short" and any(each[: len(location)] == location for each in deeper)


def _faults_of(fault: Mapping[str, Any], data: Mapping[str, Any], name: str) -> Iterator[ConfigFault]:
    """One fault of the validator as ours; references that do not exist are several in one."""
    path, kind, context = _path_in(data, fault["loc"], fault["type"]), fault["type"], fault.get("ctx", {})
    if kind == REFERENCES:
        yield from (ConfigFault(name, *each) for each in context["faults"])
    elif kind == "extra_forbidden" and path in _RENAMED:
        yield ConfigFault(name, path, "config_renamed", {"new": _RENAMED[path]})
    elif kind == "literal_error":
        choices = tuple(_QUOTED.findall(context["expected"])) or context["expected"]
        yield ConfigFault(name, path, "config_literal_error", {"expected": choices, "value": _shown(fault)})
    elif kind in _EXPLAINED:
        yield ConfigFault(name, path, f"config_{kind}", {**context, "value": _shown(fault)})
    else:
        yield ConfigFault(name, path, "config_other", {"detail": str(fault["msg"])})


def _path_in(data: object, location: tuple[int | str, ...], kind: str) -> str:
    """Dotted path of an entry; the validator's names of alternatives are no part of the file."""
    kept: list[str] = []
    here: Any = data
    for part in location:
        entries = dict(enumerate(here)) if isinstance(here, list) else here
        if isinstance(entries, Mapping) and part in entries:
            here = entries[part]
        elif kind != "missing" or part != location[-1]:
            continue
        kept.append(str(part))
    return ".".join(kept)


def _shown(fault: Mapping[str, Any]) -> str:
    return str(fault.get("input"))[:80]
