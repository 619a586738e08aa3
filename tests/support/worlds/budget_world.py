"""One mast on a plain by either propagation model, in a project whose budget a test may change."""

from __future__ import annotations

import numpy as np

from siteplan.core.grid import Grid, Raster
from siteplan.coverage.demand import services_of
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.ground import ground_model
from siteplan.coverage.propagation import Mast
from siteplan.coverage.terrain import TerrainModel
from siteplan.project.project_file import parse_config
from siteplan.project.schema import clutter_kinds
from siteplan.radio.linkbudget import LinkBudgets
from worlds.two_counties import CRS, SOUTH, WEST, project_with

ANTENNAS = [
    {"id": "4T", "gain_dbi": 14.5},
    {"id": "8T", "gain_dbi": 17.0},
    {"id": "64T", "gain_dbi": 24.0},
    {"id": "FDD", "gain_dbi": 17.5},
]
UPLINK = {"resource_blocks": 4, "gain_dbi": 14.5}


def project(band_class=None, band=None, area=None, layers=None, **top):
    """The test project; its band "high" and its class "rural" changed."""
    data = project_with()
    data["antennas"] = ANTENNAS
    low, high = data["bands"]
    assert low["id"] == "low"
    if band_class is not None:
        high["classes"] = {"*": {"models": [{"formula": "rma_nlos"}], **band_class}}
    high.update(band or {})
    data["area_classes"][1].update(area or {})
    for layer, changes in zip(data["layers"], layers or (), strict=False):
        layer.update(changes)
    return parse_config(data | top)


def computed(power_w=240.0, blocks=160, antenna="4T", feeder_db=0.5):
    return {"power_w": power_w, "resource_blocks": blocks, "antenna": antenna, "feeder_loss_db": feeder_db}


def budgets(config, propagation="empirical"):
    return LinkBudgets(config, propagation)


GRID = Grid(CRS, WEST, SOUTH + 4_000, 100.0, 40, 40)
DEM_GRID = Grid(CRS, WEST - 510, SOUTH + 4_500, 30.0, 170, 170)
MAST_AT = WEST + 2_050.0, SOUTH + 2_050.0


def propagation_of(config, name, clutter_code=None):
    """Both models on one plain; the ground of the terrain model bare unless a kind of clutter is given."""
    clutter = None
    if clutter_code is not None:
        clutter = Raster(np.full(DEM_GRID.shape, clutter_code, dtype=np.uint8), DEM_GRID, "clutter", "kind")
    if name == "empirical":
        return EmpiricalModel(config, services_of(config), clutter)
    dem = Raster(np.full(DEM_GRID.shape, 200.0, dtype=np.float32), DEM_GRID, "terrain", "m")
    return TerrainModel(config, services_of(config), ground_model(dem, clutter, config))


def masts(height=35.0):
    return Mast("T", *MAST_AT, "rural", height, ("high",))


def served_at(config, name, distance_m, height=35.0, clutter_code=None):
    """Probability of the first service so far east of a mast."""
    propagation = propagation_of(config, name, clutter_code)
    x = MAST_AT[0] + np.atleast_1d(distance_m)
    return propagation.at(masts(height), x, np.full(x.shape, MAST_AT[1]))[1][0].squeeze()


def kinds_of(config):
    return {kind.id: i for i, kind in enumerate(clutter_kinds(config))}
