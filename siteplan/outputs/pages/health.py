"""What was found in the inputs, for the person who can put it right: one page, and the files beside it.

Everything is written also when nothing can be planned, because that is when it is needed most.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import tomli_w
from numpy.typing import NDArray

from siteplan.inputs.load import Examination, Inputs
from siteplan.inputs.places.georeferencing import evidence_text
from siteplan.outputs.pages.page import Section, render, rows_of
from siteplan.outputs.wording import summarise
from siteplan.outputs.xlsx.faults import SEVERITIES, table_name, write_addresses, write_faults
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, translate

_MAP = (640, 460)
_LISTED = 60
"""Faults on the page; all are in the workbook."""
_SHOWN = (
    ("villages", "#9aa5b1"),
    ("stations", "#1f6fb5"),
    ("site_plan", "#b07aa1"),
    ("properties", "#e6862e"),
    ("poles", "#76b7b2"),
    ("key_places", "#59a14f"),
    ("orders", "#edc948"),
)
"""Tables on the small map with their colour; later ones lie on top."""


def write_health(found: Examination, config: Config, folder: Path, lang: Lang) -> list[str]:
    """Write everything a check found.

    Parameters
    ----------
    found
        What was found.
    config
        The project.
    folder
        Existing folder, not yet visible to users.
    lang
        Language of texts and file names.
    """
    names = [translate(f"file_{each}", lang) for each in ("faults", "health", "headers")]
    side_tables = {
        translate("summary", lang): summary_table(found, lang),
        translate("headers", lang): header_table(found, lang),
        translate("datum", lang): datum_table(found, lang),
    }
    write_faults(found.faults, side_tables, config, folder / names[0], lang)
    (folder / names[1]).write_text(report_html(found, config, lang), encoding="utf-8", newline="\n")
    (folder / names[2]).write_text(columns_toml(found, config, lang), encoding="utf-8", newline="\n")
    if found.doubts:
        names.append(translate("file_addresses", lang))
        write_addresses(found.doubts, folder / names[-1], config, lang)
    return names


def summary_table(found: Examination, lang: Lang) -> pd.DataFrame:
    """Rows read and left out, and faults by severity, table by table.

    Returns
    -------
    DataFrame
        One row a table that was read or has a fault.
    """
    counts = Counter((fault.table, fault.severity) for fault in found.faults)
    sources = {source.name: source for source in found.sources}
    names = list(dict.fromkeys([*sources, *(fault.table for fault in found.faults)]))
    rows = []
    for name in names:
        source = sources.get(name)
        rows.append(
            [
                table_name(name, lang),
                source.file if source else "",
                source.read if source and source.read else "",
                source.rejected if source and source.read else "",
                *(counts[name, severity] for severity in SEVERITIES),
            ]
        )
    titles = translate("table_file_read_rows_left", lang).split(",")
    words = [translate(f"severity_{severity}", lang) for severity in SEVERITIES]
    return pd.DataFrame(rows, columns=[*titles, *words])


def header_table(found: Examination, lang: Lang) -> pd.DataFrame:
    """Which header was taken for which column, and how surely."""
    rows = [
        [
            table_name(table, lang),
            column,
            headers.taken[column],
            headers.confidence[column],
        ]
        for table, headers in found.headers.items()
        for column in headers.taken
    ]
    titles = translate("table_column_header_confidence", lang).split(",")
    return pd.DataFrame(rows, columns=titles)


def datum_table(found: Examination, lang: Lang) -> pd.DataFrame:
    """The verdict on each table's datum with its evidence.

    Returns
    -------
    DataFrame
        One row a table, or a group of its rows where it is mixed.
    """
    rows = []
    for table, evidence in found.evidence.items():
        for label, verdict in evidence.groups:
            name = table_name(table, lang)
            answer = verdict.datum or translate("cannot_tell", lang)
            offset = ", ".join(f"{value:.0f}" for value in verdict.offset_m if np.isfinite(value))
            rows.append(
                [
                    name,
                    label,
                    answer,
                    verdict.sureness,
                    verdict.rows,
                    verdict.names,
                    evidence_text(verdict.median_m),
                    offset,
                ]
            )
    titles = translate("table_group_verdict_sureness_rows", lang).split(",")
    return pd.DataFrame(rows, columns=titles)


def columns_toml(found: Examination, config: Config, lang: Lang) -> str:
    """Headers taken, as lines a user can paste into the project file.

    Returns
    -------
    str
        TOML: an ``[inputs.<table>]`` block each with ``columns``.
    """
    blocks = []
    for table, headers in found.headers.items():
        given = getattr(config.inputs, table)
        text = tomli_w.dumps({"columns": dict(headers.taken)})
        unsure = [
            f"{name} {headers.confidence[name]:.2f}"
            for name in headers.taken
            if headers.confidence[name] < 0.9
        ]
        note = f"# {translate('less_sure', lang)}{', '.join(unsure)}\n" if unsure else ""
        body = text.replace("[columns]", f"[inputs.{table}.columns]", 1)
        blocks.append(f"# {given.path if given else ''}\n{note}{body}".replace("\r", " "))
    return "\n".join(blocks)


# --- the page ----------------------------------------------------------------------------------------


def report_html(found: Examination, config: Config, lang: Lang) -> str:
    """The report on one page, without any request."""
    return render(
        "health.html",
        lang,
        title=translate("health_inputs", lang, city=config.project.city),
        good=found.inputs is not None and not any(each.severity == "rejected" for each in found.faults),
        verdict=verdict(found, lang),
        synthetic=translate("synthetic", lang) if config.project.synthetic else "",
        map=None if found.inputs is None else _map(found.inputs, lang),
        sections=_sections(found, config, lang),
    )


def _sections(found: Examination, config: Config, lang: Lang) -> list[Section]:
    summary, lines = summary_table(found, lang), summarise(found.faults, lang)
    sections = [_table(translate("heading_summary", lang), summary)]
    if lines:
        more = len(lines) - _LISTED
        text = f"… {more} {translate('more_list', lang)}" if more > 0 else ""
        heading = translate("heading_to_do", lang)
        sections.append(Section(heading, lines=tuple(lines[:_LISTED]), text=text))
    if found.evidence:
        sections.append(_table(translate("heading_datum", lang), datum_table(found, lang)))
    if found.doubts:
        file = translate("file_addresses", lang)
        text = translate("addresses_want_person_s_eye", lang, doubts=len(found.doubts), ADDRESSES=file)
        sections.append(Section(translate("heading_addresses", lang), text=text))
    code = columns_toml(found, config, lang)
    return [*sections, Section(translate("heading_headers", lang), code=code)]


def _table(heading: str, table: pd.DataFrame) -> Section:
    return Section(heading, tuple(table.columns), rows_of(table.itertuples(index=False, name=None)))


def verdict(found: Examination, lang: Lang) -> str:
    """One sentence: can be planned or not, and how many faults of each severity.

    Returns
    -------
    str
        For the head of the page and the terminal.
    """
    counts = Counter(fault.severity for fault in found.faults)
    if found.inputs is None:
        head = translate("cannot_be_planned_mend_fatal", lang)
    elif counts["rejected"]:
        head = translate("can_be_planned_but_rows", lang)
    elif counts["warning"]:
        head = translate("can_be_planned_with_warnings", lang)
    else:
        head = translate("can_be_planned_no_fault", lang)
    words = [f"{translate(f'severity_{severity}', lang)} {counts[severity]}" for severity in SEVERITIES]
    return head + translate("join_semicolon", lang) + translate("join_comma", lang).join(words)


# --- small maps --------------------------------------------------------------------------------------


def _points(inputs: Inputs, name: str) -> NDArray[np.float64]:
    table: gpd.GeoDataFrame | None = getattr(inputs, name)
    if table is None or table.empty:
        return np.zeros((0, 2))
    return np.column_stack([table.geometry.x, table.geometry.y])


def _map(inputs: Inputs, lang: Lang) -> dict[str, object]:
    """County outlines and the points of each table, as paths of one small drawing."""
    west, south, east, north = inputs.counties.total_bounds
    scale = min((_MAP[0] - 20) / (east - west), (_MAP[1] - 20) / (north - south))

    def at(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([10 + (xy[:, 0] - west) * scale, 10 + (north - xy[:, 1]) * scale]).round(1)

    borders = []
    for shape in inputs.counties.geometry.simplify(1.0 / scale):
        for ring in (part for part in getattr(shape, "geoms", [shape]) if part.geom_type == "Polygon"):
            path = "L".join(f"{x:g} {y:g}" for x, y in at(np.asarray(ring.exterior.coords)[:, :2]))
            borders.append(f"M{path}Z")
    dots = []
    for table, colour in _SHOWN:
        points = _points(inputs, table)
        if len(points):
            path = "".join(f"M{x:g} {y:g}h0" for x, y in np.unique(at(points), axis=0))
            name = table_name(table, lang)
            dots.append({"path": path, "colour": colour, "name": name, "count": len(points)})
    height = round((north - south) * scale + 20)
    return {"width": _MAP[0], "height": height, "borders": borders, "points": dots}
