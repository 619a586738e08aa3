"""What a province reads: one workbook, one overview, one record; every city has its own folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from siteplan.core.files import write_atomic
from siteplan.core.version import VERSION
from siteplan.outputs import webmap
from siteplan.outputs.write import output_folder
from siteplan.outputs.xlsx.province import write_province
from siteplan.planning.province import ProvincePlan
from siteplan.words.catalogue import Lang, translate

RECORD = "province.json"


def write_overview(plan: ProvincePlan, target: Path, lang: Lang) -> None:
    """Write a province's folder, whole or not at all.

    Parameters
    ----------
    plan
        The plan.
    target
        New folder.
    lang
        Language of workbook and map.
    """
    with output_folder(target) as work:
        write_province(plan, work / f"{translate('province_workbook', lang)}.xlsx", lang)
        page = webmap.province_map(plan, lang)
        (work / "overview.html").write_text(page, encoding="utf-8", newline="\n")
        text = json.dumps(_record(plan, target), ensure_ascii=False, indent=2) + "\n"
        write_atomic(work / RECORD, text.encode())


def _record(plan: ProvincePlan, target: Path) -> dict[str, Any]:
    """The plan in numbers."""
    shared = plan.shared
    return {
        "schema": "siteplan-province-run/1",
        "version": VERSION,
        "name": plan.name,
        "year": plan.year,
        "stations": plan.stations,
        "value": None if shared is None else shared.value,
        "bound": None if shared is None else shared.bound,
        "gap": None if shared is None else shared.gap,
        "price_per_station": None if shared is None else shared.price,
        "rounds": [] if shared is None else [list(each) for each in shared.rounds],
        "cities": [
            {
                "name": city.name,
                "run": None if city.run is None else city.run.name,
                "run_id": None if city.record is None else city.record.run_id,
                "weight": plan.weights.get(city.name),
                "stations": None if city.record is None else city.record.selected_stations,
                "quota": None if city.record is None else city.record.quota,
                "built": None if city.record is None else city.record.built,
                "failure": city.failure,
            }
            for city in plan.cities
        ],
        "pairs_across_borders": [list(each) for each in plan.close_pairs],
        "synthetic": plan.synthetic,
        "folder": target.name,
    }
