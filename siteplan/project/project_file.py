"""Reading the project file and its calibration; every fault with its dotted path."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from siteplan.core.errors import ConfigError
from siteplan.project.part import Part
from siteplan.project.radio import Calibration
from siteplan.project.schema import Config, clutter_kinds

_Model = TypeVar("_Model", bound=Part)


def load_config(path: Path) -> Config:
    """Read and check a project file.

    Parameters
    ----------
    path
        ``project.toml`` or the folder that holds it.

    Returns
    -------
    Config
        The checked, frozen project.

    Raises
    ------
    ConfigError
        With every fault and its dotted path.
    """
    file = path / "project.toml" if path.is_dir() else path
    try:
        data = _toml_of(file)
    except FileNotFoundError as error:
        raise ConfigError(f"{file}: 找不到项目文件 / there is no project file") from error
    except OSError as error:
        raise ConfigError(f"{file}: 无法读取，可能被其他程序占用 / cannot be read: {error}") from error
    config = parse_config(data, file.name)
    named = config.coverage.calibration
    return read_calibration(config, file.parent / named) if named else config


def _toml_of(file: Path) -> dict[str, object]:
    """Content of a TOML file; each kind of file says itself what it means that one cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: 不是有效的 TOML (UTF-8) / not valid UTF-8 TOML: {error}") from error


def read_calibration(config: Config, file: Path) -> Config:
    """Read a calibration file into a project.

    Parameters
    ----------
    config
        The project.
    file
        What ``siteplan calibrate`` wrote.

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
        raise ConfigError(
            f"{file}: 校准文件读不出，请先运行 siteplan calibrate，或去掉 coverage.calibration / "
            "the calibration cannot be read; run siteplan calibrate first, or drop "
            f"coverage.calibration: {error}"
        ) from error
    return with_calibration(config, data, file.name)


def with_calibration(config: Config, data: dict[str, object], name: str = "calibration.toml") -> Config:
    """A project whose model is calibrated.

    Parameters
    ----------
    config
        The project.
    data
        Parsed content of a calibration file.
    name
        File name for messages.

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
    strange = [f"{name}: {key}.{each}" for key, (mine, theirs) in known.items() for each in theirs - mine]
    if strange:
        lines = [f"{each}: 项目中没有 / the project has none" for each in sorted(strange)]
        raise ConfigError("\n".join(lines))
    return Config.model_validate(config.model_dump(by_alias=True) | {"fitted": fitted})


def parse_config(data: dict[str, object], name: str = "project.toml") -> Config:
    """Check the content of a project file.

    Parameters
    ----------
    data
        Parsed TOML.
    name
        File name for messages.

    Returns
    -------
    Config
        The checked, frozen project.

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
        faults = error.errors()
        told = [fault for fault in faults if not _follows_from_another(fault["loc"], fault["type"], faults)]
        lines = [f"{name}: {_dotted(fault['loc'])}: {_message(fault)}" for fault in told]
        raise ConfigError("\n".join(lines)) from error


def _follows_from_another(
    location: tuple[int | str, ...], kind: str, faults: Sequence[Mapping[str, Any]]
) -> bool:
    """A list is "too short" only because its members failed."""
    deeper = (each["loc"] for each in faults if len(each["loc"]) > len(location))
    return kind == "too_short" and any(each[: len(location)] == location for each in deeper)


def _message(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "未知的键，请核对拼写 / unknown key, check its spelling"
    if fault["type"] == "missing":
        return "缺少必填项 / required"
    return str(fault["msg"]).removeprefix("Value error, ")


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "project file"
