"""The one registry of columns, read from ``columns.toml``: a column of any table is one line there.

Input schemas, templates, workbooks, CSV, layers, the data dictionary and what a reader may see are made
from it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

import pandas as pd
import pandera.pandas as pa

from siteplan.project.statuses import CandidateState, SourceType

Kind = Literal["text", "number", "date", "flag", "answer", "angles"]
"""What a cell of an input holds; an answer is a flag that may be left open."""
CellFormat = Literal["text", "wrap", "id", "count", "decimal", "share", "degrees", "general"]
"""How a cell of an output looks."""
Reader = Literal["office", "tower", "public"]
"""Who may see a column: each of them sees what the later ones see."""
INPUT_TABLES = (
    "counties",
    "villages",
    "stations",
    "site_plan",
    "properties",
    "poles",
    "key_places",
    "area_classes",
    "exclusions",
    "orders",
    "weak_points",
    "roads",
    "population",
    "hamlets",
    "railways",
    "corridors",
    "power_lines",
    "indicators",
)
"""Tables with a name of their own under ``[inputs]``."""
OTHER_TABLES = ("measurements", "located", "returns")
"""Tables that come in another way: measurements, doubtful addresses, what the field sends back."""


@dataclass(frozen=True)
class Column:
    """One column of one table.

    Attributes
    ----------
    name
        In code, CSV and layers.
    header_zh, header_en
        For people.
    about_zh, about_en
        What it means.
    unit
        Of a number, "" for none.
    kind, required, unique, aliases
        Of an input: what its cells hold, and headers it is recognised by.
    at_least, at_most, above
        Limits of a number; None for none.
    width, cell_format
        Of an output [characters].
    reader
        Who may see it.
    short
        Name in formats that keep ten ASCII letters.
    source
        Of a column of the form: the column of the plan it shows, "" for one to fill in.
    """

    name: str
    header_zh: str
    header_en: str
    about_zh: str = ""
    about_en: str = ""
    unit: str = ""
    kind: Kind = "text"
    required: bool = False
    unique: bool = False
    aliases: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    width: float = 12
    cell_format: CellFormat = "text"
    reader: Reader = "office"
    short: str = ""
    source: str = ""

    def header(self, lang: str) -> str:
        """Header in one language [str]."""
        return self.header_zh if lang == "zh" else self.header_en

    def about(self, lang: str) -> str:
        """Meaning in one language [str]."""
        return self.about_zh if lang == "zh" else self.about_en

    @property
    def nullable(self) -> bool:
        """Whether a cell may be empty."""
        return not self.required

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """Least and greatest value [in the column's unit]."""
        return self.at_least if self.above is None else self.above, self.at_most


@cache
def _registry() -> dict[str, Any]:
    content: dict[str, Any] = tomllib.loads(
        files(__package__).joinpath("columns.toml").read_text(encoding="utf-8")
    )
    return content


def _column(name: str, entry: Mapping[str, Any]) -> Column:
    return Column(
        name=name,
        header_zh=entry["zh"],
        header_en=entry["en"],
        about_zh=entry.get("about_zh", ""),
        about_en=entry.get("about_en", ""),
        unit=entry.get("unit", ""),
        kind=entry.get("type", "text"),
        required=entry.get("required", False),
        unique=entry.get("unique", False),
        aliases=tuple(entry.get("aliases", ())),
        at_least=entry.get("at_least"),
        at_most=entry.get("at_most"),
        above=entry.get("above"),
        width=entry.get("width", 12),
        cell_format=entry.get("format", "text"),
        reader=entry.get("readers", "office"),
        short=entry.get("short", ""),
        source=entry.get("source", ""),
    )


def _recognised(column: Column) -> Column:
    """A column that comes in: its own Chinese header is one of its names."""
    return replace(column, aliases=tuple(dict.fromkeys((column.header_zh, *column.aliases))))


@cache
def columns_of(table: str) -> tuple[Column, ...]:
    """Columns of a table in their order.

    Parameters
    ----------
    table
        A table that comes in, or one of ``[order]``.

    Raises
    ------
    KeyError
        If there is no such table.

    Examples
    --------
    >>> [column.name for column in columns_of("counties")]
    ['county_id', 'county']
    >>> columns_of("proposed")[0].header("en")
    'rank'
    """
    registry = _registry()
    if table in (*INPUT_TABLES, *OTHER_TABLES):
        return tuple(_recognised(_column(name, entry)) for name, entry in registry[table].items())
    own, shared = registry.get(table, {}), registry["shared"]
    return tuple(_column(name, shared[name] | own.get(name, {})) for name in registry["order"][table])


def column_of(table: str, name: str) -> Column:
    """One column of a table."""
    return next(column for column in columns_of(table) if column.name == name)


def names_of(table: str) -> tuple[str, ...]:
    """Names of a table's columns in their order."""
    return tuple(column.name for column in columns_of(table))


def printed_first() -> tuple[str, ...]:
    """Columns of a ranked row that go on paper, in this order; the others follow on the screen."""
    return tuple(_registry()["order"]["printed"])


def readable(table: str, reader: Reader) -> tuple[str, ...]:
    """Columns of a table that a reader may see: an allow-list, so a new column is hidden until allowed."""
    order = get_args(Reader)
    return tuple(
        column.name for column in columns_of(table) if order.index(column.reader) >= order.index(reader)
    )


def _checks(column: Column) -> list[pa.Check]:
    if column.above is not None:
        return [pa.Check.gt(column.above)]
    if column.at_least is None:
        return []
    if column.at_most is None:
        return [pa.Check.ge(column.at_least)]
    return [pa.Check.in_range(column.at_least, column.at_most)]


@cache
def schema_of(table: str) -> pa.DataFrameSchema:
    """Schema of a table that comes in.

    Returns
    -------
    DataFrameSchema
        Kinds, limits and uniqueness of its columns.
    """
    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                "float64" if column.kind == "number" else None,  # text may be str or object: pandas decides
                _checks(column),
                nullable=column.nullable,
                unique=column.unique,
                required=column.required,
            )
            for column in columns_of(table)
        },
        name=table,
    )


CANDIDATES = pa.DataFrameSchema(
    {
        "candidate_id": pa.Column(str, unique=True),
        "key": pa.Column(str, unique=True),
        "source_type": pa.Column(str, pa.Check.isin([each.value for each in SourceType])),
        "source_id": pa.Column(str),
        "name": pa.Column(str),
        "county_id": pa.Column(str),
        "county": pa.Column(str),
        "antenna_height_m": pa.Column(float, pa.Check.gt(0)),
        "area_class": pa.Column(str),
        "easting_m": pa.Column(float),
        "northing_m": pa.Column(float),
        "status": pa.Column(str, pa.Check.isin([each.value for each in CandidateState])),
        "rule": pa.Column(str),
    },
    name="candidates",
)
"""Places considered, as they pass from the candidates to the selection."""


def failures(table: str, frame: pd.DataFrame, unchecked: Iterable[str] = ()) -> pd.DataFrame:
    """Every cell of a table that breaks its schema.

    Parameters
    ----------
    table
        Name of a table that comes in.
    frame
        Attributes, any index; columns it lacks are not reported here.
    unchecked
        Columns left out, such as coordinates that are metres.

    Returns
    -------
    DataFrame
        Columns ``column``, ``check``, ``failure_case``, ``index``; empty when all is well.
    """
    schema, skipped = schema_of(table), set(unchecked)
    present = schema.select_columns(
        [name for name in schema.columns if name in frame and name not in skipped]
    )
    try:
        present.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases[["column", "check", "failure_case", "index"]]
        return cases.sort_values(["index", "column"], kind="stable").reset_index(drop=True)
    return pd.DataFrame(columns=["column", "check", "failure_case", "index"])
