"""The project file's part on radio: networks, bands, antennas, calibration."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from siteplan.project.part import NotNegative, Positive, ProjectPart

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


class Network(ProjectPart):
    """A sharing network: who builds and plans together."""

    id: str
    name: str
    aliases: tuple[str, ...] = ()


class PathModel(ProjectPart):
    """One formula with its parameters; used only inside its published range."""

    formula: Formula
    sigma_db: Positive | None = None
    """Standard deviation of shadowing [dB]; None takes the formula's own (see radio.pathloss)."""
    building_height_m: Positive = 5.0
    """Average building height h of TR 38.901 RMa [m]."""
    street_width_m: Positive = 20.0
    """Average street width W of TR 38.901 RMa [m]."""


class Antenna(ProjectPart):
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


class Uplink(ProjectPart):
    """What a phone must reach the station with: the largest loss the uplink bears follows."""

    ue_power_dbm: Annotated[float, Field(ge=-10, le=50)] = 23.0
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


class BandClass(ProjectPart):
    """How one band is planned in one area class: EIRP as a figure, or from power, blocks and antenna."""

    models: Annotated[tuple[PathModel, ...], Field(min_length=1)]
    """The first model whose range holds the mast height is used."""
    eirp_per_re_dbm: Annotated[float, Field(ge=-60, le=80)] | None = None
    """EIRP per resource element of the reference signal [dBm]; None computes it."""
    power_w: Annotated[float, Field(gt=0, le=2_000)] | None = None
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
            raise PydanticCustomError("eirp_or_parts", "eirp_or_parts")
        return self


class Band(ProjectPart):
    """A carrier of one network."""

    id: str
    network: str
    name: str
    frequency_mhz: Annotated[float, Field(ge=30, le=100_000)]
    indoor_loss_db: NotNegative | EntryLoss = 0.0
    """Loss into buildings, added to the threshold of indoor layers [dB], or the model its median comes from
    (ITU-R P.2109, or TR 38.901's walls)."""
    indoor_loss_sigma_db: NotNegative | None = None
    """Spread of that loss over buildings and places in them [dB]; without it that of the model, and 4.4 dB
    (TR 38.901, Table 7.4.3-2, low loss) for a number."""
    aliases: tuple[str, ...] = ()
    classes: dict[str, BandClass]
    """By area class id; the entry ``"*"`` serves every class without its own."""
    source: str = ""

    def in_class(self, area_class: str) -> BandClass:
        """How the band is planned in a class [BandClass]."""
        return self.classes[area_class] if area_class in self.classes else self.classes["*"]


class Tier(ProjectPart):
    """A grade of signal, such as good, basic, weak; best first."""

    id: str
    name: str
    threshold_dbm: Annotated[float, Field(ge=-160, le=-30)]
    by_class: dict[str, float] = {}
    """Thresholds of area classes that have their own [dBm]."""


class BandFit(ProjectPart):
    """What measurements say of one band."""

    offset_db: float
    """Added to the median RSRP [dB]."""
    slope_db_per_decade: float = 0.0
    """Added to the path loss by log10(d / 1 km) [dB]; 0 unless the data may tell."""
    sigma_db: Positive | None = None
    """Spread around the fitted median [dB]; None keeps the formula's."""


class Calibration(ProjectPart):
    """Content of ``calibration.toml``: what was fitted, to what, and how well it does on unseen sites."""

    schema_: Literal["siteplan-calibration/1"] = Field(alias="schema")
    propagation: Literal["terrain", "empirical"]
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
    map_offset_db: float = 0.0
    """Added to the median of its bands on maps [dB]: what makes the probability that any mast serves true."""
    shadowing_correlation: Annotated[float, Field(ge=0, le=0.95)] | None = None
    """Effective correlation of shadowing between masts; None keeps the project's."""
    evidence: dict[str, Any] = {}
    """Points, sites, errors and limits of the fit; read by people and printed on maps."""
