"""The project file. One model; every default stands here and nowhere else.

The file is data about one city and one network generation. Code never holds a
band, a county, a year or a quota.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from siteplan.core.errors import CrsError
from siteplan.core.grid import require_metric
from siteplan.project.area import WORLD_COVER, AreaClass, ClutterKind, CoverClass, Exclusion
from siteplan.project.engine import EngineRules
from siteplan.project.input_files import InputFiles
from siteplan.project.outputs import Outputs
from siteplan.project.part import ProjectPart
from siteplan.project.planning import (
    Candidates,
    Coverage,
    Layer,
    Quota,
    ReplanRules,
    ReturnRules,
    SelectionRules,
)
from siteplan.project.proof import (
    GIGABIT_CITY,
    BackhaulRules,
    EvidenceRules,
    ExposureRules,
    IndicatorRule,
    LowAltitudeRules,
    OddsRules,
)
from siteplan.project.radio import Antenna, Band, Calibration, Network, Tier
from siteplan.project.sanity import SanityRules
from siteplan.project.year import AcceptanceRules, ScheduleRules

REFERENCES = "project_references"
"""Kind of the validator's fault that holds all references that do not exist."""
ReferenceFault = tuple[str, str, dict[str, object]]
"""Dotted path, catalogue key and values."""


class Project(ProjectPart):
    """Who, where and when."""

    city: str
    code: str = ""
    crs: str
    """Projected CRS in metres, such as EPSG:4547."""
    reference_date: dt.date
    """What is on air at this date is the existing network."""
    year: int
    """Year whose quota is planned."""
    synthetic: str = ""
    """What in this project is synthetic; printed on every output when not empty."""
    attribution: str = ""
    """Sources that must be named on maps and sheets."""
    language: Literal["zh", "en"] = "zh"
    """Language of outputs and messages; ``--lang`` and SITEPLAN_LANG override it."""


class Config(ProjectPart):
    """The whole project file."""

    schema_: Literal["siteplan-project/1"] = Field(alias="schema")
    project: Project
    quota: Quota = Quota()
    inputs: InputFiles
    networks: Annotated[tuple[Network, ...], Field(min_length=1)]
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]
    area_classes: Annotated[tuple[AreaClass, ...], Field(min_length=1)]
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    antennas: tuple[Antenna, ...] = ()
    tiers: tuple[Tier, ...] = ()
    land_cover: tuple[CoverClass, ...] = WORLD_COVER
    exclusions: tuple[Exclusion, ...] = ()
    coverage: Coverage = Coverage()
    candidates: Candidates = Candidates()
    selection: SelectionRules = SelectionRules()
    replan: ReplanRules = ReplanRules()
    returns: ReturnRules = ReturnRules()
    schedule: ScheduleRules = ScheduleRules()
    acceptance: AcceptanceRules = AcceptanceRules()
    sanity: SanityRules = SanityRules()
    evidence: EvidenceRules = EvidenceRules()
    indicators: tuple[IndicatorRule, ...] = GIGABIT_CITY
    backhaul: BackhaulRules = BackhaulRules()
    exposure: ExposureRules = ExposureRules()
    odds: OddsRules = OddsRules()
    low_altitude: LowAltitudeRules = LowAltitudeRules()
    outputs: Outputs = Outputs()
    engine: EngineRules = EngineRules()
    fitted: Calibration | None = None
    """Content of the calibration file; read with the project, never written in it."""

    @model_validator(mode="after")
    def _references_exist(self) -> Config:
        faults = [*_metric_faults(self), *_id_faults(self), *_reference_faults(self)]
        if faults:
            raise PydanticCustomError(REFERENCES, "references", {"faults": faults})
        return self

    @cached_property
    def sha256(self) -> str:
        """Hash of the effective configuration."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def default_area_class(self) -> str:
        """Class of land outside every class polygon."""
        return self.coverage.default_area_class or self.area_classes[-1].id

    def band(self, band_id: str) -> Band:
        """The band with this id."""
        return next(band for band in self.bands if band.id == band_id)

    def area_class(self, class_id: str) -> AreaClass:
        """The area class with this id."""
        return next(each for each in self.area_classes if each.id == class_id)

    def antenna(self, antenna_id: str) -> Antenna | None:
        """The antenna class with this id; None for ``""``."""
        return next((each for each in self.antennas if each.id == antenna_id), None)

    def network(self, network_id: str) -> Network:
        """The network with this id."""
        return next(network for network in self.networks if network.id == network_id)


def _metric_faults(config: Config) -> list[ReferenceFault]:
    try:
        require_metric(config.project.crs)
    except CrsError as error:
        return [("project.crs", "not_a_metric_crs", {"detail": str(error)})]
    return []


def _id_faults(config: Config) -> list[ReferenceFault]:
    lists = {
        "networks": [part.id for part in config.networks],
        "bands": [part.id for part in config.bands],
        "area_classes": [part.id for part in config.area_classes],
        "layers": [part.id for part in config.layers],
        "antennas": [part.id for part in config.antennas],
        "tiers": [part.id for part in config.tiers],
        "land_cover": [part.id for part in config.land_cover],
        "area_classes and land_cover": [kind.id for kind in clutter_kinds(config)],
        "indicators": [part.id for part in config.indicators],
        "outputs.audiences": [part.id for part in config.outputs.audiences],
        "land_cover.codes": [str(code) for part in config.land_cover for code in part.codes],
    }
    faults: list[ReferenceFault] = []
    for name, ids in lists.items():
        faults += [(name, "id_twice", {"value": each}) for each in _repeated(ids)]
    targets = [f"{t.year} {t.county} {t.network}".strip() for t in config.quota.targets]
    return faults + [("quota.targets", "target_twice", {"value": each}) for each in _repeated(targets)]


def _repeated(ids: list[str]) -> list[str]:
    values, counts = np.unique(np.array(ids), return_counts=True)
    return [str(value) for value in values[counts > 1]]


def _reference_faults(config: Config) -> list[ReferenceFault]:
    networks = {network.id for network in config.networks}
    bands = {band.id: band.network for band in config.bands}
    classes = {each.id for each in config.area_classes}
    asked = [(f"bands.{b.id}.network", b.network, networks) for b in config.bands]
    asked += [(f"bands.{b.id}.classes", c, classes | {"*"}) for b in config.bands for c in b.classes]
    asked += [(f"layers.{la.id}.area_classes", c, classes) for la in config.layers for c in la.area_classes]
    antennas = {each.id for each in config.antennas} | {""}
    asked += [
        (f"bands.{b.id}.antenna", c.antenna, antennas) for b in config.bands for c in b.classes.values()
    ]
    asked += [(f"tiers.{t.id}.by_class", c, classes) for t in config.tiers for c in t.by_class]
    asked += [("quota.targets.network", t.network, networks | {""}) for t in config.quota.targets]
    readers = {each.id for each in config.outputs.audiences}
    asked += [("outputs.maps", each, readers) for each in config.outputs.maps]
    if config.coverage.default_area_class:
        asked.append(("coverage.default_area_class", config.coverage.default_area_class, classes))
    faults: list[ReferenceFault] = [
        (where, "not_defined", {"value": value}) for where, value, known in asked if value not in known
    ]
    for each in config.area_classes:
        for rollout in each.rollout:
            where = f"area_classes.{each.id}.rollout"
            if rollout.network not in networks:
                faults.append((f"{where}.network", "not_defined", {"value": rollout.network}))
            for band in rollout.bands:
                if bands.get(band) != rollout.network:
                    faults.append(
                        (f"{where}.bands", "not_a_band_of", {"value": band, "network": rollout.network})
                    )
    faults += [
        (f"bands.{band.id}.classes", "class_without_band", {"value": missing})
        for band in config.bands
        if "*" not in band.classes
        for missing in sorted(classes - set(band.classes))
    ]
    return faults


def clutter_kinds(config: Config) -> tuple[ClutterKind, ...]:
    """Built-up land of every area class in their order, then the land cover with a height of its own.

    Returns
    -------
    tuple of ClutterKind
        The position is the code in rasters of clutter.
    """
    built = [ClutterKind(c.id, c.name, c.id, c.clutter_height_m, True) for c in config.area_classes]
    other = [
        ClutterKind(c.id, c.name, c.name_en or c.id, c.height_m, False)
        for c in config.land_cover
        if c.height_m is not None
    ]
    return (*built, *other)
