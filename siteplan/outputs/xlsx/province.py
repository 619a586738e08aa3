"""The workbook of a province: cities, one ranked list of all, and how the quota was split."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from siteplan.outputs.xlsx.cells import (
    A3,
    Formats,
    Look,
    new_book,
    on_paper,
    with_footer,
    write_head,
    write_rows,
)
from siteplan.planning.province import CityPlan, ProvincePlan
from siteplan.words.catalogue import Lang, translate

_CITIES: tuple[tuple[str, Look], ...] = (
    ("province_city_head", Look(16, "text")),
    ("province_weight", Look(8, "decimal")),
    ("summary_built", Look(8, "count")),
    ("summary_this_plan", Look(9, "count")),
    ("province_sites", Look(9, "count")),
    ("summary_people", Look(12, "count")),
    ("summary_people_before", Look(11, "share")),
    ("summary_people_after", Look(11, "share")),
    ("summary_people_gain", Look(12, "count")),
    ("summary_villages", Look(9, "count")),
    ("summary_villages_gain", Look(9, "count")),
    ("province_own_gap", Look(11, "share")),
    ("province_run", Look(40, "text")),
)
_SITES: tuple[tuple[str, Look], ...] = (
    ("province_rank", Look(8, "count")),
    ("province_city_head", Look(14, "text")),
    ("province_own_rank", Look(8, "count")),
    ("province_site_id", Look(20, "text")),
    ("province_site", Look(26, "text")),
    ("county", Look(14, "text")),
    ("province_town", Look(14, "text")),
    ("province_stations", Look(8, "count")),
    ("province_gain", Look(12, "decimal")),
    ("province_people", Look(12, "count")),
    ("province_longitude", Look(12, "degrees")),
    ("province_latitude", Look(12, "degrees")),
)
_FIELDS = ["province_rank", "city", "rank", "candidate_id", "name", "county", "town", "stations", "gain"]
_FIELDS += ["people_newly_covered", "longitude", "latitude"]


def write_province(plan: ProvincePlan, path: Path, lang: Lang) -> None:
    """Write the workbook.

    Parameters
    ----------
    plan
        The plan.
    path
        A new file.
    lang
        Language of heads and titles.
    """
    title = translate("province_title", lang, name=plan.name, year=plan.year)
    with new_book(path, title, dt.date(plan.year, 1, 1)) as book:
        formats = Formats(book)
        for name, columns, rows in (
            ("province_sheet_cities", _CITIES, _city_rows(plan, lang)),
            ("province_sheet_sites", _SITES, plan.sites[_FIELDS].to_numpy(dtype=object).tolist()),
            ("province_sheet_split", _SPLIT, _split_rows(plan, lang)),
        ):
            sheet = book.add_worksheet(translate(name, lang))
            heads = [translate(key, lang) for key, _ in columns]
            looks = [look for _, look in columns]
            sheet.write_string(0, 0, title, formats.title)
            sheet.merge_range(1, 0, 1, len(columns) - 1, plan.synthetic, formats.banner)
            sheet.set_row(1, 30 if plan.synthetic else 6)
            sheet.set_row(2, 30)
            write_head(sheet, 2, heads, looks, formats)
            write_rows(sheet, 3, rows, looks, formats)
            sheet.freeze_panes(3, 0)
            on_paper(sheet, 2, A3)
            with_footer(sheet, plan.synthetic)


_SPLIT: tuple[tuple[str, Look], ...] = (
    ("province_what", Look(44, "text")),
    ("province_value", Look(18, "decimal")),
    ("province_asked", Look(12, "count")),
    ("province_bound", Look(18, "decimal")),
)


def _city_rows(plan: ProvincePlan, lang: Lang) -> list[list[object]]:
    """A row a city, and the whole."""
    rows = [_city_row(city, plan) for city in plan.cities]
    records = [city.record for city in plan.cities if city.record is not None]
    people = sum(record.population_total for record in records)
    before = sum(record.population_covered_before for record in records)
    after = sum(record.population_covered_after for record in records)
    whole: list[object] = [
        translate("province_whole", lang),
        "",
        sum(record.built for record in records),
        sum(record.selected_stations for record in records),
        sum(record.selected_sites for record in records),
        people,
        before / people if people else "",
        after / people if people else "",
        after - before,
        sum(record.villages_total for record in records),
        sum(record.villages_covered_after - record.villages_covered_before for record in records),
        "" if plan.shared is None else plan.shared.gap,
        "",
    ]
    return [*rows, whole]


def _city_row(city: CityPlan, plan: ProvincePlan) -> list[object]:
    record = city.record
    if record is None:
        return [city.name, *[""] * (len(_CITIES) - 2), city.failure]
    people = record.population_total
    return [
        city.name,
        plan.weights[city.name],
        record.built,
        record.selected_stations,
        record.selected_sites,
        people,
        record.population_covered_before / people if people else "",
        record.population_covered_after / people if people else "",
        record.population_covered_after - record.population_covered_before,
        record.villages_total,
        record.villages_covered_after - record.villages_covered_before,
        record.optimality_gap,
        str(city.run),
    ]


def _split_rows(plan: ProvincePlan, lang: Lang) -> list[list[object]]:
    """The whole first, then every price that was tried, then pairs of sites across a border."""
    shared = plan.shared
    if shared is None:
        return []
    rows: list[list[object]] = [
        ["province_whole", shared.value, sum(shared.stations), shared.bound],
        ["province_price", shared.price, "", ""],
    ]
    rows += [["province_round", price, asked, bound] for price, asked, bound in shared.rounds]
    pairs = [
        [translate("province_pair", lang, one=one, other=other), distance, "", ""]
        for one, other, distance in plan.close_pairs
    ]
    return [[translate(str(name), lang), *rest] for name, *rest in rows] + pairs
