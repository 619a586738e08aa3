"""What each template sheet holds: the registry's columns, with drop-downs and examples of ``sheets.toml``.

A rare column may be left off the empty sheet, never out of its dictionary.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from siteplan.project.columns import Column, columns_of
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate


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
        Whether a row without it is refused.
    example
        A value, or None.
    choices
        Drop-down words of its own; networks, bands and zone layers come from the project.
    shown
        Whether the empty sheet has it; people add the others when they need them.
    """

    spec: Column
    header: str
    meaning: str
    unit: str
    required: bool
    example: Any
    choices: tuple[str, ...]
    shown: bool


@dataclass(frozen=True)
class TemplateSheet:
    """One workbook to fill in: its table under ``[inputs]``, its name and columns."""

    table: str
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

    Examples
    --------
    >>> [sheet.table for sheet in template_sheets("en")][:3]
    ['villages', 'stations', 'properties']
    """
    content = tomllib.loads((files(__package__) / "sheets.toml").read_text(encoding="utf-8"))
    return tuple(_sheet(entry, lang, county) for entry in content["sheets"])


def _sheet(entry: Mapping[str, Any], lang: Lang, county: str) -> TemplateSheet:
    columns = tuple(_column(column, entry, lang, county) for column in columns_of(entry["table"]))
    return TemplateSheet(entry["table"], entry[lang], columns)


def _column(column: Column, entry: Mapping[str, Any], lang: Lang, county: str) -> TemplateColumn:
    examples = entry["example"] | (entry.get("example_en", {}) if lang == "en" else {})
    return TemplateColumn(
        spec=column,
        header=column.header(lang),
        meaning=column.about(lang),
        unit=translate(f"unit_{column.unit}", lang) if column.unit and column.kind != "angles" else "",
        required=column.required or column.name in entry["required"],
        example=county if county and column.name == "county" else examples.get(column.name),
        choices=_choices(column, entry, lang),
        shown=column.name not in entry.get("left_out", ()),
    )


def _choices(column: Column, entry: Mapping[str, Any], lang: Lang) -> tuple[str, ...]:
    if column.kind in ("flag", "answer"):
        return tuple(translate(f"kind_{column.kind}", lang).split(" / "))
    return tuple(entry.get("choices", {}).get(column.name, {}).get(lang, ()))


def choices_of(column: TemplateColumn, config: Config) -> tuple[str, ...]:
    """Words a drop-down offers: the column's own, or those the project file defines."""
    networks = tuple(each.name for each in config.networks)
    defined = {
        "network": networks,
        "networks": (*networks, "、".join(networks)) if len(networks) > 1 else networks,
        "band": tuple(each.name for each in config.bands),
        "layer": tuple(dict.fromkeys(each.layer for each in config.exclusions)),
    }
    return column.choices or defined.get(column.spec.name, ())


def kind_words(column: TemplateColumn, config: Config, lang: Lang) -> str:
    """Unit, limits or words a column takes, as one text for people."""
    first = (
        " / ".join(choices_of(column, config)) or column.unit or translate(f"kind_{column.spec.kind}", lang)
    )
    parts = (first, _limit_words(column.spec, lang))
    return translate("join_comma", lang).join(part for part in parts if part)


def _limit_words(column: Column, lang: Lang) -> str:
    low, high = column.limits
    if low is None:
        return ""
    if high is not None:
        return translate("limits_between", lang, low=low, high=high)
    return translate("limits_at_least" if column.above is None else "limits_above", lang, low=low)
