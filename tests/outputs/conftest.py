"""A planned city, a plan with nothing to propose, and one whose names are hostile: in words, with their folders."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from worlds.opened import (
    HOSTILE,
    LIST,
    VILLAGE_NAMES,
)
from worlds.two_counties import lonlat, write_project, write_sheet

import siteplan
from siteplan.inputs.places.datum import gcj02_from_wgs84
from siteplan.outputs.gis.exchange import write_exchange
from siteplan.outputs.gis.kml import kmz_bytes
from siteplan.outputs.gis.layers import write_geopackages
from siteplan.outputs.sheets import csv_files
from siteplan.outputs.wording import in_words
from siteplan.outputs.xlsx.form import write_form


@pytest.fixture(scope="session")
def plan(planned_city):
    """The plan of the two counties as writers take it, and its run folder."""
    folder = planned_city / "runs" / "city"
    return in_words(siteplan.read_plan(folder).proposal, "zh"), folder


def written(project, target, **asked):
    """Plan, write, and give back the plan in words with its folder."""
    planned = siteplan.open_project(project).plan(threads=1, **asked)
    return in_words(planned.proposal, "zh"), planned.write(target)


@pytest.fixture(scope="session")
def nothing(planned_city, tmp_path_factory):
    """A year whose quota is spent already: nothing is proposed."""
    return written(planned_city, tmp_path_factory.mktemp("outputs") / "none", quota=0, built=0)


@pytest.fixture(scope="session")
def hostile(tmp_path_factory):
    """Properties and villages with hostile names, and one hostile row that is rejected."""
    folder = write_project(tmp_path_factory.mktemp("hostile") / "项目")
    villages = gpd.read_file(folder / "villages.gpkg")
    villages["village"] = [HOSTILE[name] for name in VILLAGE_NAMES]
    (folder / "villages.gpkg").unlink()
    villages.to_file(folder / "villages.gpkg", layer="villages")
    east = np.linspace(500, 14_500, len(HOSTILE))
    lon, lat = gcj02_from_wgs84(*lonlat(east, np.where(np.arange(len(HOSTILE)) % 2, 4_700, 8_900)))
    rows = {
        "序号": [f"H{n}" for n in range(len(HOSTILE))],
        "物业名称": list(HOSTILE.values()),
        "建筑高度(米)": 12,
        "经度": lon,
        "纬度": lat,
    }
    bad = {
        "序号": ["H99"],
        "物业名称": ["=1+1"],
        "建筑高度(米)": 12,
        "经度": ["=HYPERLINK(1)"],
        "纬度": ["24.8"],
    }
    frame = pd.concat([pd.DataFrame(rows).astype(object), pd.DataFrame(bad).astype(object)])
    write_sheet(folder / "properties.xlsx", frame.reset_index(drop=True))
    return written(folder, tmp_path_factory.mktemp("hostile") / "run")


@pytest.fixture
def with_name(plan):
    """The plan with the first candidate, its village and its reason renamed."""

    def renamed(name):
        proposal, _ = plan
        table = proposal.places.proposed.copy()
        for column in ("name", "village", "town", "reason", "villages_newly_covered_names"):
            table[column] = [name, *table[column].iloc[1:]]
        villages = proposal.effects.villages.copy()
        villages["village"] = [name, *villages["village"].iloc[1:]]
        return replace(
            proposal,
            places=replace(proposal.places, proposed=table),
            effects=replace(proposal.effects, villages=villages),
        )

    return renamed


RENAMED = "=cmd|' /C calc'!A0", "@SUM(1,2)", "+1", "-1+2", "'单引", '<b>&"]]>', "甲乙\x07丙", "镇\u3000村 é😀"


@pytest.fixture(scope="session")
def run(plan, tmp_path_factory):
    """The plan with hostile names and reasons, written, and its folder."""
    table = plan[0].places.proposed.copy()
    table["name"] = [*RENAMED[: len(table)], *table["name"][len(RENAMED) :]]
    table["reason"] = [*RENAMED[::-1][: len(table)], *table["reason"][len(RENAMED) :]]
    proposal = replace(plan[0], places=replace(plan[0].places, proposed=table))
    folder = tmp_path_factory.mktemp("run")
    write_lists(proposal, folder)
    return proposal, folder


def write_lists(proposal, folder):
    """The lists of a plan that is in words already."""
    for name, content in csv_files(proposal).items():
        (folder / name).write_bytes(content)
    write_geopackages(proposal, folder)
    write_form(proposal, folder / LIST)
    (folder / "candidates.kmz").write_bytes(kmz_bytes(proposal))
    write_exchange(proposal, folder)
