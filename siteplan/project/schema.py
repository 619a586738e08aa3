"""The project file. One model; every default stands here and nowhere else.

One decision to know: the file is data about one city and one network generation. Code never holds a
band, a county, a year or a quota.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from siteplan.core.errors import ConfigError, CrsError
from siteplan.core.grid import require_metric

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Formula = Literal[
    "okumura_hata_urban",
    "okumura_hata_suburban",
    "okumura_hata_open",
    "cost231_hata_medium",
    "cost231_hata_metropolitan",
    "rma_nlos",
    "uma_nlos",
    "umi_nlos",
    "rma",
    "uma",
    "umi",
]
EntryLoss = Literal["p2109_traditional", "p2109_efficient", "o2i_low", "o2i_high"]
Target = Literal["residents", "villages", "key_places", "orders", "weak_points"]
Cell = str | bool | int | float
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=False)


_Model = TypeVar("_Model", bound=_Part)


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
    datum: Datum | Literal[""] = ""
    """Empty: points in China are tested against the names of their rows; elsewhere, and where names say
    nothing, they are taken as WGS84."""
    datum_rows: dict[str, Datum] = {}
    """Rows in another datum: ``"2-120" = "gcj02"``, on a sheet of several ``"Sheet!2-120"``."""
    crs: str = ""
    """CRS when the file has none, or the grid of its metres; empty finds the grid by trying."""
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
    surface: bool = False
    """Of a DEM: its heights are those of canopy and roofs, not of the ground."""
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
    land_cover: Input | None = None
    osm: Input | None = None
    located: Input | None = None
    """Places of doubtful addresses as a person chose them: the sheet ``siteplan check`` writes, filled in."""

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


class Antenna(_Part):
    """A class of antennas, such as 64T, 8T or 4T."""

    id: str
    gain_dbi: float
    """Gain of the beam that carries the reference signal (SSB) [dBi]."""
    horizontal_beamwidth_deg: Annotated[float, Field(gt=0, le=360)] = 65.0
    """Of the sector: for swept SSB beams the width of their envelope."""
    vertical_beamwidth_deg: Annotated[float, Field(gt=0, le=180)] = 65.0
    side_lobe_db: Positive = 30.0
    """Largest vertical attenuation (SLA_V) [dB]."""
    front_to_back_db: Positive = 30.0
    """Largest attenuation (A_max) [dB]."""
    downtilt_deg: Annotated[float, Field(ge=-90, le=90)] = 6.0
    """Of a sector whose table gives none."""
    source: str = ""


class Uplink(_Part):
    """What a phone must reach the station with: the largest loss the uplink bears follows."""

    ue_power_dbm: float = 23.0
    resource_blocks: Annotated[int, Field(ge=1)]
    """Blocks the phone spreads its power over."""
    scs_khz: Annotated[float, Field(gt=0)] = 30.0
    """Subcarrier spacing [kHz]."""
    noise_figure_db: NotNegative = 3.5
    required_sinr_db: float = -5.0
    interference_margin_db: NotNegative = 3.0
    gain_dbi: float
    """Of the station's receiving antenna [dBi]."""
    feeder_loss_db: NotNegative = 0.5
    source: str = ""

    @property
    def largest_loss_db(self) -> float:
        """Path loss at which the uplink just meets its SINR, no shadow margin inside [dB]."""
        bandwidth_hz = 12.0 * self.scs_khz * 1000.0 * self.resource_blocks
        noise_dbm = -174.0 + 10.0 * math.log10(bandwidth_hz) + self.noise_figure_db
        sensitivity_dbm = noise_dbm + self.required_sinr_db + self.interference_margin_db
        return self.ue_power_dbm + self.gain_dbi - self.feeder_loss_db - sensitivity_dbm


class BandClass(_Part):
    """How one band is planned in one area class: EIRP as a figure, or from power, blocks and antenna."""

    models: Annotated[tuple[PathModel, ...], Field(min_length=1)]
    """The first model whose range holds the mast height is used."""
    eirp_per_re_dbm: float | None = None
    """EIRP per resource element of the reference signal [dBm]; None computes it."""
    power_w: Positive | None = None
    """Of all transmitters together [W]."""
    resource_blocks: Annotated[int, Field(ge=1)] | None = None
    antenna: str = ""
    """Antenna class; needed for the computed EIRP and for sectors."""
    feeder_loss_db: NotNegative = 0.0
    uplink: Uplink | None = None
    """None: the uplink is not asked."""
    source: str = ""

    @model_validator(mode="after")
    def _eirp_is_known(self) -> BandClass:
        computed = self.power_w is not None and self.resource_blocks is not None and self.antenna
        figure, parts = self.eirp_per_re_dbm is not None, (self.power_w, self.resource_blocks)
        if figure == bool(computed) or (figure and any(part is not None for part in parts)):
            raise ValueError("give either eirp_per_re_dbm, or power_w, resource_blocks and antenna")
        return self


class Band(_Part):
    """A carrier of one network."""

    id: str
    network: str
    name: str
    frequency_mhz: Annotated[float, Field(ge=30, le=100_000)]
    indoor_loss_db: NotNegative | EntryLoss = 0.0
    """Loss into buildings, added to the threshold of indoor layers [dB], or the model its median comes from
    (ITU-R P.2109, or TR 38.901's walls)."""
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
    clutter_height_m: Annotated[float, Field(ge=0, le=60)] = 10.0
    """Height of what is built there [m]; where no land cover is given, of the whole class. The default is
    ITU-R P.1812's for suburbs."""
    max_radius_m: Annotated[float, Field(gt=0, le=50_000)] = 10_000.0
    """How far a mast is followed over terrain [m]; masts still serving there are flagged."""
    rollout: tuple[Rollout, ...] = ()


class Tier(_Part):
    """A grade of signal, such as good, basic, weak; best first."""

    id: str
    name: str
    threshold_dbm: Annotated[float, Field(ge=-160, le=-30)]
    by_class: dict[str, float] = {}
    """Thresholds of area classes that have their own [dBm]."""


class CoverClass(_Part):
    """A class of land cover."""

    id: str
    name: str
    name_en: str = ""
    codes: Annotated[tuple[int, ...], Field(min_length=1)]
    """Codes of the raster."""
    height_m: Annotated[float, Field(ge=0, le=60)] | None = None
    """Height over the ground [m]; None: built-up, the area class says."""


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
    sensitive: bool = False
    """Whether zones of this kind must not be drawn or named outside the office."""


class Coverage(_Part):
    """How "covered" is decided."""

    level: Literal["auto", "terrain", "buffer"] = "auto"
    """terrain: free space, diffraction over the DEM and clutter; buffer: the class's formula over flat
    ground; auto: terrain where the DEM's own pixels are fine enough for it."""
    clutter: Literal["profile", "end_loss", "none"] = "profile"
    """On the terrain level. profile: heights stand on the terrain (ITU-R P.1812); end_loss: bare terrain and
    the loss at the phone's end (ITU-R P.2108); none: bare terrain. Never two of them."""
    street_width_m: Positive = 27.0
    """How far before the phone its own clutter stands [m] (ITU-R P.2108's nominal street width)."""
    calibration: str = ""
    """File that ``siteplan calibrate`` wrote; empty for an uncalibrated model."""
    delta_n: Annotated[float, Field(gt=0, lt=157)] = 40.0
    """Average lapse rate of refractivity [N-units/km]: it bends the rays. The default is the standard
    atmosphere's (ITU-R P.310); ITU-R P.453 maps the place's own."""
    n0: Annotated[float, Field(ge=250, le=400)] = 315.0
    """Surface refractivity at sea level [N-units]; the default is the world's mean (ITU-R P.453)."""
    climate: Annotated[int, Field(ge=1, le=7)] = 5
    """Radio climate of the Irregular Terrain Model: 5 continental temperate, 2 continental subtropical."""
    spread_below_mhz: Positive = 1000.0
    """Bands below are checked against a second model in deep shadow [MHz]."""
    spread_shadow_db: NotNegative = 20.0
    """Diffraction over bare ground from which a shadow is deep [dB]."""
    spread_sample: Annotated[int, Field(ge=0)] = 600
    """Populated pixels drawn for that check, beside all villages."""
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
    max_location_radius_m: Positive = 1500.0
    """A place found by its address within a wider circle than this waits for coordinates [m]; within a
    narrower
    one it is ranked with that circle as its search ring."""


class SelectionRules(_Part):
    """How hard to search."""

    seed: int = 0
    gap: Share = 1e-3
    """The search ends when the choice is proven to be within this share of the best possible one."""
    work_limit: Positive = 8000.0
    """Or after so much work [million matrix entries touched]; the same on every machine."""
    time_limit_s: Positive | None = None
    """Guard against slow machines [s]; a plan cut short by it may differ from run to run and says so."""
    min_gain_per_station: NotNegative = 1.0
    """Newly covered weight below which a station is not worth building; the quota is then not used up."""


class ReplanRules(_Part):
    """What a plan keeps of the list that was published before it."""

    change_cost: NotNegative = 0.5
    """What giving up one published place must bring, in mean gains of a published place; 0 re-optimises
    freely."""
    change_factor: dict[Literal["PROPOSED", "NEGOTIATING", "AGREED"], NotNegative] = {
        "PROPOSED": 1.0, "NEGOTIATING": 2.0, "AGREED": 5.0,
    }  # fmt: skip
    """How much dearer a change is by status; one that is not named counts as 1."""
    curve: tuple[NotNegative, ...] = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 100.0)
    """Costs tried for the curve of coverage against changed places."""
    curve_work: Positive = 400.0
    """Work for each of them [million matrix entries touched]."""
    cooling_radius_m: NotNegative = 100.0
    """New places this near a refused one are left alone as well [m]."""
    cooling_months: NotNegative = 12.0
    """How long a refusal stands; a place that cannot be built stays out."""


MapLayer = Literal["counties", "zones", "gaps", "properties", "others", "sites", "villages", "proposed"]
"""Layers of tables on the map; base map and coverage belong to every reader."""


class Audience(_Part):
    """Who a map is for, and what it may hold: what is not named here is not in the file."""

    id: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    name: str
    name_en: str = ""
    layers: tuple[MapLayer, ...]
    columns: dict[MapLayer, tuple[str, ...]] = {}
    """Columns by layer, beside those a layer cannot be drawn without; a layer not named here has them all."""
    snap_m: NotNegative = 0.0
    """Coordinates of sites, properties and candidates are moved to the middle of squares of this size [m]; 0
    leaves them. Search rings, footprints and ranks of pixels, which tell a place, are then left out."""
    sensitive: bool = False
    """Whether zones of rules marked sensitive are drawn and named."""
    returns: bool = True
    """Whether the page takes down statuses for a return form."""
    watermark: bool = True
    """Whether name, note, recipient and date stand across the map."""
    note: str = ""
    note_en: str = ""


_TOWER_COLUMNS: dict[MapLayer, tuple[str, ...]] = {
    "counties": (),
    "zones": ("zone", "layer", "level", "basis"),
    "gaps": ("county", "area_km2", "people", "layer", "network"),
    "properties": ("property_id", "property_name", "kind", "building_height_m", "county", "town"),
    "others": ("name", "town", "rule", "antenna_height_m"),
    "sites": ("site_id", "site_name", "county", "antenna_height_m"),
    "villages": (
        "village", "town", "county", "people", "share_before", "share_after", "networks_before",
        "networks_after", "serving_site_before", "serving_site_after", "choices",
    ),
    "proposed": (
        "name", "town", "village", "antenna_height_m", "ground_m", "longitude_gcj02", "latitude_gcj02",
        "people_newly_covered", "villages_newly_covered", "villages_newly_covered_names", "cell_radius_m",
        "search_radius_m", "due_date", "restriction", "alternates", "location_grade", "location_radius_m",
        "power_distance_m", "backhaul_distance_m", "reason",
    ),
}  # fmt: skip
_PUBLIC_COLUMNS: dict[MapLayer, tuple[str, ...]] = {
    "counties": (),
    "villages": ("village", "town", "county", "people", "share_before", "share_after"),
    "proposed": ("town", "village", "people_newly_covered", "villages_newly_covered"),
}

AUDIENCES = (
    Audience(
        id="internal", name="内部版", name_en="internal", sensitive=True, watermark=False,
        layers=("counties", "zones", "gaps", "properties", "others", "sites", "villages", "proposed"),
    ),
    Audience(
        id="tower", name="铁塔公司版", name_en="tower company", columns=_TOWER_COLUMNS,
        note="仅供内部研究", note_en="for internal study only",
        layers=("counties", "zones", "gaps", "properties", "others", "sites", "villages", "proposed"),
    ),
    Audience(
        id="public", name="公开版", name_en="public", note="位置示意", note_en="places are approximate",
        columns=_PUBLIC_COLUMNS, snap_m=500.0, returns=False,
        layers=("counties", "villages", "proposed"),
    ),
)  # fmt: skip
"""Readers a project has when it names none: the office, the tower company without owners and their addresses,
and everybody without sites, places and coordinates."""


class Outputs(_Part):
    """What is written where."""

    directory: str = "runs"
    map_gaps: Annotated[int, Field(ge=0)] = 3000
    """Largest gaps drawn on the map; all are in gaps.gpkg."""
    map_road_vertices: Annotated[int, Field(ge=0)] = 60_000
    """Vertices of roads drawn on the map: classes are taken from the largest down until they are used up."""
    audiences: Annotated[tuple[Audience, ...], Field(min_length=1)] = AUDIENCES
    maps: tuple[str, ...] = ("internal", "tower")
    """Audiences a plan writes a map for when it is not told: ``map.html`` for the first of ``audiences`` (the
    office), ``map_ID.html`` for others."""
    tianditu_key: str = ""
    """Key of the reader's online base map (Tianditu); only used by maps built with online tiles."""


WORLD_COVER = (
    CoverClass(id="trees", name="林地", name_en="tree cover", codes=(10, 95), height_m=15.0),
    CoverClass(id="shrub", name="灌木", name_en="shrubland", codes=(20,), height_m=3.0),
    CoverClass(
        id="open", name="开阔地", name_en="open land", codes=(30, 40, 60, 70, 90, 100), height_m=0.0
    ),
    CoverClass(id="built", name="建成区", name_en="built-up", codes=(50,), height_m=None),
    CoverClass(id="water", name="水体", name_en="water", codes=(80,), height_m=0.0),
)  # fmt: skip
"""Codes of ESA WorldCover with the heights of ITU-R P.1812, Table 2; 3 m for shrubs is our planning value."""


class BandFit(_Part):
    """What measurements say of one band."""

    offset_db: float
    """Added to the median RSRP [dB]."""
    slope_db_per_decade: float = 0.0
    """Added to the path loss by log10(d / 1 km) [dB]; 0 unless the data may tell."""
    sigma_db: Positive | None = None
    """Spread around the fitted median [dB]; None keeps the formula's."""


class Calibration(_Part):
    """Content of ``calibration.toml``: what was fitted, to what, and how well it does on unseen sites."""

    schema_: Literal["siteplan-calibration/1"] = Field(alias="schema")
    level: Literal["terrain", "buffer"]
    """Propagation level it was fitted on and is good for."""
    clutter: Literal["profile", "end_loss", "none", ""] = ""
    """Treatment of clutter it was fitted on."""
    horizontal_weight: NotNegative = 1.0
    """Share of the antenna's horizontal attenuation that is felt."""
    vertical_weight: NotNegative = 1.0
    diffraction_weight: NotNegative = 1.0
    clutter_db: dict[str, float] = {}
    """Added to the path loss by class of land cover [dB]."""
    bands: dict[str, BandFit]
    evidence: dict[str, Any] = {}
    """Points, sites, errors and limits of the fit; read by people and printed on maps."""


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
    antennas: tuple[Antenna, ...] = ()
    tiers: tuple[Tier, ...] = ()
    land_cover: tuple[CoverClass, ...] = WORLD_COVER
    exclusions: tuple[Exclusion, ...] = ()
    coverage: Coverage = Coverage()
    candidates: Candidates = Candidates()
    selection: SelectionRules = SelectionRules()
    replan: ReplanRules = ReplanRules()
    outputs: Outputs = Outputs()
    fitted: Calibration | None = None
    """Content of the calibration file; read with the project, never written in it."""

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

    def antenna(self, antenna_id: str) -> Antenna | None:
        """The antenna class with this id; None for ``""``."""
        return next((each for each in self.antennas if each.id == antenna_id), None)

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
        "antennas": [part.id for part in config.antennas],
        "tiers": [part.id for part in config.tiers],
        "land_cover": [part.id for part in config.land_cover],
        "area_classes and land_cover": [kind.id for kind in clutter_kinds(config)],
        "outputs.audiences": [part.id for part in config.outputs.audiences],
        "land_cover.codes": [str(code) for part in config.land_cover for code in part.codes],
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
        data = _toml_of(file)
    except FileNotFoundError as error:
        raise ConfigError(f"{file}: 找不到项目文件 / there is no project file") from error
    except OSError as error:
        raise ConfigError(f"{file}: 无法读取，可能被其他程序占用 / cannot be read: {error}") from error
    config = parse_config(data, file.name)
    named = config.coverage.calibration
    return read_calibration(config, file.parent / named) if named else config


def _toml_of(file: Path) -> dict[str, object]:
    """Content of a TOML file; each kind of file says itself what it means that one cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: 不是有效的 TOML (UTF-8) / not valid UTF-8 TOML: {error}") from error


def read_calibration(config: Config, file: Path) -> Config:
    """Read a calibration file into a project.

    Parameters
    ----------
    config
        The project.
    file
        What ``siteplan calibrate`` wrote.

    Returns
    -------
    Config
        With ``fitted``.

    Raises
    ------
    ConfigError
        If the file cannot be read, or does not fit the project.
    """
    try:
        data = _toml_of(file)
    except OSError as error:
        raise ConfigError(
            f"{file}: 校准文件读不出，请先运行 siteplan calibrate，或去掉 coverage.calibration / "
            "the calibration cannot be read; run siteplan calibrate first, or drop "
            f"coverage.calibration: {error}"
        ) from error
    return with_calibration(config, data, file.name)


def with_calibration(config: Config, data: dict[str, object], name: str = "calibration.toml") -> Config:
    """A project whose model is calibrated.

    Parameters
    ----------
    config
        The project.
    data
        Parsed content of a calibration file.
    name
        File name for messages.

    Returns
    -------
    Config
        With ``fitted``.

    Raises
    ------
    ConfigError
        With every fault and its dotted path; also for bands or cover classes the project does not have.
    """
    fitted = _validated(Calibration, data, name)
    known = {
        "bands": ({band.id for band in config.bands}, set(fitted.bands)),
        "clutter_db": ({kind.id for kind in clutter_kinds(config)}, set(fitted.clutter_db)),
    }
    strange = [f"{name}: {key}.{each}" for key, (mine, theirs) in known.items() for each in theirs - mine]
    if strange:
        lines = [f"{each}: 项目中没有 / the project has none" for each in sorted(strange)]
        raise ConfigError("\n".join(lines))
    return Config.model_validate(config.model_dump(by_alias=True) | {"fitted": fitted})


@dataclass(frozen=True)
class ClutterKind:
    """What a phone can stand in: a class of land cover, or what is built in an area class.

    Attributes
    ----------
    id
        Of the cover or area class.
    name, name_en
        For people.
    height_m
        Over the ground [m].
    built
        Whether it is built-up land.
    """

    id: str
    name: str
    name_en: str
    height_m: float
    built: bool


def clutter_kinds(config: Config) -> tuple[ClutterKind, ...]:
    """Built-up land of every area class in their order, then the land cover with a height of its own.

    Parameters
    ----------
    config
        The project.

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
    return _validated(Config, data, name)


def _validated(model: type[_Model], data: dict[str, object], name: str) -> _Model:
    try:
        return model.model_validate(data)
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
