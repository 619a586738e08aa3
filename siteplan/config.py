"""The project file. One model; every default stands here and nowhere else.

One decision to know: the file is data about one city and one network generation. Code never holds a
band, a county, a year or a quota.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from siteplan.errors import ConfigError, CrsError
from siteplan.grid import require_metric

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Formula = Literal[
    "okumura_hata_urban",
    "okumura_hata_suburban",
    "okumura_hata_open",
    "rma_nlos",
    "uma_nlos",
]
Target = Literal["residents", "villages", "key_places", "orders", "weak_points"]
Cell = str | bool | int | float
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=False)


class Project(_Part):
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


class QuotaTarget(_Part):
    """One line of the year's task list."""

    year: int
    stations: Annotated[int, Field(ge=0)]
    county: str = ""
    """County name or code; empty for the whole city."""
    network: str = ""
    """Network id; empty for all networks."""


class Quota(_Part):
    """What the province asks for."""

    unit: Literal["site_network_band", "site_network", "site"] = "site_network_band"
    targets: tuple[QuotaTarget, ...] = ()
    note: str = ""


class Input(_Part):
    """One input file."""

    path: str
    layer: str = ""
    """Sheet of a workbook or layer of a vector file; empty for the first."""
    datum: Datum = "wgs84"
    crs: str = ""
    """CRS when the file has none."""
    columns: dict[str, str] = {}
    """siteplan's column name = the header in the file."""
    constants: dict[str, str | float] = {}
    """Values for columns the file does not have."""
    where: dict[str, Cell | list[Cell]] = {}
    """Keep only rows whose column (header in the file) has one of these values."""
    encoding: str = ""
    """Of a text file; empty takes UTF-8, else GB18030 (or Windows-1252 when the text is plainly Latin)."""
    prefix: str = ""
    """Written before ids, so that ids of two files do not collide."""
    synthetic: bool = False


class Inputs(_Part):
    """The files of the project. Counties or villages must be there; everything else may be absent."""

    counties: Input | None = None
    villages: Input | None = None
    stations: Input | None = None
    site_plan: Input | None = None
    properties: Input | None = None
    poles: Input | None = None
    key_places: Input | None = None
    area_classes: Input | None = None
    exclusions: Input | None = None
    orders: Input | None = None
    weak_points: Input | None = None
    weak_raster: Input | None = None
    roads: Input | None = None
    population: Input | None = None
    dem: Input | None = None
    osm: Input | None = None

    def given(self) -> dict[str, Input]:
        """The inputs that are present, by name, in declaration order."""
        pairs = ((name, getattr(self, name)) for name in type(self).model_fields)
        return {name: value for name, value in pairs if value is not None}


class Network(_Part):
    """A sharing network: who builds and plans together."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()


class PathModel(_Part):
    """One formula with its parameters; used only inside its published range."""

    formula: Formula
    sigma_db: Positive | None = None
    """Standard deviation of shadowing [dB]; None takes the formula's own (see radio.pathloss)."""
    building_height_m: Positive = 5.0
    """Average building height h of TR 38.901 RMa [m]."""
    street_width_m: Positive = 20.0
    """Average street width W of TR 38.901 RMa [m]."""


class BandClass(_Part):
    """How one band is planned in one area class."""

    models: Annotated[tuple[PathModel, ...], Field(min_length=1)]
    """The first model whose range holds the mast height is used."""
    eirp_per_re_dbm: float
    """EIRP per resource element of the reference signal [dBm]."""
    clutter_loss_db: NotNegative | None = None
    """Loss around the receiver over free space and diffraction, on the terrain level [dB]; None takes what
    the class's formula loses more than free space at 1 km."""
    source: str = ""


class Band(_Part):
    """A carrier of one network."""

    id: str
    network: str
    name: str
    frequency_mhz: Annotated[float, Field(ge=30, le=100_000)]
    indoor_loss_db: NotNegative = 0.0
    """Loss into buildings, added to the threshold of indoor layers [dB]."""
    aliases: tuple[str, ...] = ()
    classes: dict[str, BandClass]
    """By area class id; the entry ``"*"`` serves every class without its own."""
    source: str = ""

    def in_class(self, area_class: str) -> BandClass:
        """How the band is planned in a class [BandClass]."""
        return self.classes[area_class] if area_class in self.classes else self.classes["*"]


class Rollout(_Part):
    """What a network builds at a new place of an area class."""

    network: str
    bands: Annotated[tuple[str, ...], Field(min_length=1)]


class AreaClass(_Part):
    """Urban, town, rural ...: what is built there and how."""

    id: str
    name: str
    antenna_height_m: Annotated[float, Field(ge=3, le=300)] = 35.0
    """Height of a new mast, or of one whose height is unknown [m]."""
    min_inter_site_distance_m: NotNegative = 0.0
    rollout: tuple[Rollout, ...] = ()


class Layer(_Part):
    """A service to be delivered, with its threshold and its weight.

    The first layer of the file is the headline: it decides "covered" for people, villages, rasters and
    buffers. The first layer of scope ``each`` is the basic per-network layer.
    """

    id: str
    name: str
    threshold_dbm: Annotated[float, Field(ge=-160, le=-30)]
    scope: Literal["any", "each"] = "any"
    """any: one network suffices; each: every network is counted by itself."""
    indoor: bool = False
    area_classes: tuple[str, ...] = ()
    """Classes it counts in; empty for all. Key places count everywhere."""
    targets: tuple[Target, ...] = ("residents", "villages")
    weight: NotNegative = 1.0
    """Per person and network."""
    village_weight: NotNegative = 100.0
    """People one village point stands for."""
    key_place_weight: NotNegative = 200.0
    """People a key place stands for when its table gives no weight."""
    order_weight: NotNegative = 200.0
    """People a demand order stands for when its table gives no weight."""
    weak_point_weight: NotNegative = 20.0
    """People a complaint or weak-signal point stands for when its table gives no weight."""


class Exclusion(_Part):
    """A rule about zones of one kind."""

    layer: str
    level: Literal["forbid", "restrict", "notify"]
    buffer_m: NotNegative = 0.0
    basis: str


class Coverage(_Part):
    """How "covered" is decided."""

    level: Literal["auto", "terrain", "buffer"] = "auto"
    """terrain: the class's formula, and diffraction over the DEM where that loses more; buffer: the formula
    alone; auto: terrain where the DEM's own pixels are fine enough for it."""
    delta_n: Annotated[float, Field(gt=0, lt=157)] = 40.0
    """Average lapse rate of refractivity [N-units/km]: it bends the rays. The default is the standard
    atmosphere's (ITU-R P.310); ITU-R P.453 maps the place's own."""
    cache_mib: NotNegative = 512.0
    """Largest size of the project's cache of footprints [MiB]; 0 keeps none."""
    demand_resolution_m: Positive = 100.0
    edge_probability_target: Share = 0.75
    """P at which a person counts as covered and at which the drawn buffer ends."""
    probability_floor: Share = 0.10
    """Below this P a site is taken to give nothing, so that far tails do not add up."""
    receiver_height_m: Positive = 1.5
    default_area_class: str = ""
    """Class outside all class polygons; empty takes the last one listed."""


class Candidates(_Part):
    """Who may be a site."""

    rooftop_mast_m: NotNegative = 6.0
    """Height of the support on a roof [m]."""
    default_building_height_m: NotNegative = 12.0
    min_antenna_height_m: NotNegative = 10.0
    duplicate_distance_m: NotNegative = 50.0
    """Two places nearer than this are one; the higher rung keeps it."""
    order_radius_m: Positive = 300.0
    """Search ring of a demand order that gives none [m]."""
    new_sites: bool = True
    """Propose new ground sites in gaps (rung 5)."""
    new_site_min_weight: NotNegative = 60.0
    """Uncovered weight below which a cluster proposes no site [people]."""
    new_site_cluster_m: Positive = 700.0
    """Neighbourhood in which uncovered demand belongs together [m]."""
    new_site_ground_search_m: NotNegative = 300.0
    """How far the mast may climb from the middle of its cluster to higher ground [m]."""
    new_site_max_road_m: Positive = 800.0
    """Farthest from a road a new mast may stand [m], when roads are given."""
    search_radius_share: Share = 0.25
    """Search ring as a share of the cell radius."""


class SelectionRules(_Part):
    """How hard to search."""

    seed: int = 0
    bound_iterations: Annotated[int, Field(ge=0)] = 300
    swap_passes: Annotated[int, Field(ge=0)] = 2
    min_gain_per_station: NotNegative = 1.0
    """Newly covered weight below which a station is not worth building; the quota is then not used up."""


class Outputs(_Part):
    """What is written where."""

    directory: str = "runs"
    map_gaps: Annotated[int, Field(ge=0)] = 3000
    """Largest gaps drawn on the map; all are in gaps.gpkg."""


class Config(_Part):
    """The whole project file."""

    schema_: Literal["siteplan-project/1"] = Field(alias="schema")
    project: Project
    quota: Quota = Quota()
    inputs: Inputs
    networks: Annotated[tuple[Network, ...], Field(min_length=1)]
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]
    area_classes: Annotated[tuple[AreaClass, ...], Field(min_length=1)]
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    exclusions: tuple[Exclusion, ...] = ()
    coverage: Coverage = Coverage()
    candidates: Candidates = Candidates()
    selection: SelectionRules = SelectionRules()
    outputs: Outputs = Outputs()

    @model_validator(mode="after")
    def _references_exist(self) -> Config:
        faults = [*_metric_faults(self), *_id_faults(self), *_reference_faults(self)]
        if faults:
            raise ValueError("; ".join(faults))
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

    def network(self, network_id: str) -> Network:
        """The network with this id."""
        return next(network for network in self.networks if network.id == network_id)


def _metric_faults(config: Config) -> list[str]:
    try:
        require_metric(config.project.crs)
    except CrsError as error:
        return [f"project.crs: {error}"]
    return []


def _id_faults(config: Config) -> list[str]:
    lists = {
        "networks": [part.id for part in config.networks],
        "bands": [part.id for part in config.bands],
        "area_classes": [part.id for part in config.area_classes],
        "layers": [part.id for part in config.layers],
    }
    faults = []
    for name, ids in lists.items():
        faults += [f"{name}: the id {each!r} occurs twice" for each in _repeated(ids)]
    return faults


def _repeated(ids: list[str]) -> list[str]:
    values, counts = np.unique(np.array(ids), return_counts=True)
    return [str(value) for value in values[counts > 1]]


def _reference_faults(config: Config) -> list[str]:
    networks = {network.id for network in config.networks}
    bands = {band.id: band.network for band in config.bands}
    classes = {each.id for each in config.area_classes}
    asked = [(f"bands.{b.id}.network", b.network, networks) for b in config.bands]
    asked += [(f"bands.{b.id}.classes", c, classes | {"*"}) for b in config.bands for c in b.classes]
    asked += [(f"layers.{la.id}.area_classes", c, classes) for la in config.layers for c in la.area_classes]
    asked += [("quota.targets.network", t.network, networks | {""}) for t in config.quota.targets]
    if config.coverage.default_area_class:
        asked.append(("coverage.default_area_class", config.coverage.default_area_class, classes))
    faults = [f"{where}: {value!r} is not defined" for where, value, known in asked if value not in known]
    for each in config.area_classes:
        for rollout in each.rollout:
            where = f"area_classes.{each.id}.rollout"
            if rollout.network not in networks:
                faults.append(f"{where}.network: {rollout.network!r} is not defined")
            for band in rollout.bands:
                if bands.get(band) != rollout.network:
                    faults.append(f"{where}.bands: {band!r} is not a band of {rollout.network!r}")
    faults += [
        f"bands.{band.id}.classes: nothing for class {missing!r}, and no '*'"
        for band in config.bands
        if "*" not in band.classes
        for missing in sorted(classes - set(band.classes))
    ]
    return faults


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
        data = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise ConfigError(f"{file}: 找不到项目文件 / there is no project file") from error
    except OSError as error:
        raise ConfigError(f"{file}: 无法读取，可能被其他程序占用 / cannot be read: {error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: 不是有效的 TOML (UTF-8) / not valid UTF-8 TOML: {error}") from error
    return parse_config(data, file.name)


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
    try:
        return Config.model_validate(data)
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
