"""What each template sheet holds: the schema's columns with the words of ``sheets.toml``.

One decision to know: which columns there are, their units, limits and ids come from
:mod:`siteplan.project.columns`; ``sheets.toml`` adds words only. It may leave a rare column off the empty sheet,
never out of its dictionary.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from siteplan.project.columns import SCHEMAS, ColumnSpec, columns_of
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang


@dataclass(frozen=True)
class TemplateColumn:
    """One column of a template sheet.

    Attributes
    ----------
    spec
        The schema's column.
    header, meaning, unit
        As written into the sheet; ``unit`` is empty for columns without one.
    required
        Whether the door refuses a row without it.
    example
        A value, or None.
    choices
        Drop-down words of its own; networks, bands and zone layers come from the project.
    shown
        Whether the empty sheet has it; people add the others when they need them.
    """

    spec: ColumnSpec
    header: str
    meaning: str
    unit: str
    required: bool
    example: Any
    choices: tuple[str, ...]
    shown: bool

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Least and greatest value the schema takes [in the column's unit]."""
        low = [check.statistics.get("min_value") for check in self.spec.checks]
        high = [check.statistics.get("max_value") for check in self.spec.checks]
        return next(iter(low), None), next(iter(high), None)


@dataclass(frozen=True)
class TemplateSheet:
    """One workbook to fill in: its table under ``[inputs]``, its name and columns."""

    spec_table: str
    name: str
    columns: tuple[TemplateColumn, ...]

    @property
    def shown(self) -> tuple[TemplateColumn, ...]:
        """Columns of the empty sheet."""
        return tuple(column for column in self.columns if column.shown)


def template_sheets(lang: Lang, county: str = "") -> tuple[TemplateSheet, ...]:
    """All sheets of a new project, in the order they are filled in.

    Parameters
    ----------
    lang
        Language of names, headers and meanings.
    county
        County named in the examples; empty leaves the made-up one.

    Returns
    -------
    tuple of TemplateSheet
        Villages, stations and properties first.

    Examples
    --------
    >>> [sheet.spec_table for sheet in template_sheets("en")][:3]
    ['villages', 'stations', 'properties']
    """
    text = (files("siteplan.outputs.templates") / "sheets.toml").read_text(encoding="utf-8")
    words = tomllib.loads(text)
    return tuple(_sheet(entry, words, lang, county) for entry in words["sheets"])


def _sheet(entry: Mapping[str, Any], words: Mapping[str, Any], lang: Lang, county: str) -> TemplateSheet:
    specs = columns_of(SCHEMAS[entry["table"]])
    columns = tuple(_column(spec, entry, words, lang, county) for spec in specs)
    return TemplateSheet(entry["table"], entry[lang], columns)


def _column(
    spec: ColumnSpec, entry: Mapping[str, Any], words: Mapping[str, Any], lang: Lang, county: str
) -> TemplateColumn:
    meanings = words["meanings"] | entry["meanings"]
    example = entry["example"].get(spec.name)
    return TemplateColumn(
        spec=spec,
        header=entry.get("headers", {}).get(spec.name, spec.aliases[0]) if lang == "zh" else spec.name,
        meaning=meanings[spec.name] if lang == "zh" else spec.description,
        unit=_unit(spec, words, lang),
        required=not spec.nullable or spec.name in entry["required"],
        example=county if county and spec.name == "county" else example,
        choices=_choices(spec, entry, words, lang),
        shown=spec.name not in entry.get("left_out", ()),
    )


def _unit(spec: ColumnSpec, words: Mapping[str, Any], lang: Lang) -> str:
    found = re.search(r"\[(\w+)\]$", spec.description)
    if not found or spec.kind == "angles":
        return ""
    return str(words["units"][found[1]]) if lang == "zh" else found[1]


def _choices(
    spec: ColumnSpec, entry: Mapping[str, Any], words: Mapping[str, Any], lang: Lang
) -> tuple[str, ...]:
    if spec.kind == "flag":
        return tuple(words["kinds"]["flag"][lang].split(" / "))
    return tuple(entry.get("choices", {}).get(spec.name, {}).get(lang, ()))


def choices_of(column: TemplateColumn, config: Config) -> tuple[str, ...]:
    """Words a drop-down offers: the column's own, or those the project file defines.

    Parameters
    ----------
    column
        The column.
    config
        The project.

    Returns
    -------
    tuple of str
        Empty for columns that take anything.
    """
    networks = tuple(each.name for each in config.networks)
    defined = {
        "network": networks,
        "networks": (*networks, "、".join(networks)) if len(networks) > 1 else networks,
        "band": tuple(each.name for each in config.bands),
        "layer": tuple(dict.fromkeys(each.layer for each in config.exclusions)),
    }
    return column.choices or defined.get(column.spec.name, ())


def kind_words(column: TemplateColumn, config: Config, lang: Lang) -> str:
    """Unit, limits or words a column takes, as one text for people.

    Parameters
    ----------
    column
        The column.
    config
        The project, for drop-downs.
    lang
        Language of the text.

    Returns
    -------
    str
        Such as "米，3 到 300".
    """
    join = "，" if lang == "zh" else ", "
    choices = choices_of(column, config)
    text = files("siteplan.outputs.templates") / "sheets.toml"
    kinds = tomllib.loads(text.read_text(encoding="utf-8"))["kinds"]
    first = " / ".join(choices) or column.unit or str(kinds[column.spec.kind][lang])
    return join.join(part for part in (first, _limit_words(column, lang)) if part)


def _limit_words(column: TemplateColumn, lang: Lang) -> str:
    low, high = column.limits
    if low is None:
        return ""
    if high is not None:
        return f"{low:g} 到 {high:g}" if lang == "zh" else f"{low:g} to {high:g}"
    above = any(check.name == "greater_than" for check in column.spec.checks)
    chinese, english = ("大于", "above") if above else ("不小于", "at least")
    return f"{chinese} {low:g}" if lang == "zh" else f"{english} {low:g}"
