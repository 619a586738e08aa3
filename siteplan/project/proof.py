"""The project file's part on proof: tests of coverage, indicators, links, exposure, odds, low altitude."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from siteplan.project.part import NotNegative, Positive, ProjectPart, Share

WholeShare = Annotated[float, Field(gt=0, le=1)]


class EvidenceRules(ProjectPart):
    """What the four tests of coverage mean by their words.

    Village points are those of the ministry's standard of 2025 for villages with 5G (committee, school,
    clinic); 95 % of a line and all points of a key place are those of its plan of 2023 for better signal.
    """

    village_kinds: tuple[str, ...] = (
        "村委会",
        "居委会",
        "学校",
        "小学",
        "教学点",
        "卫生室",
        "卫生站",
        "卫生院",
        "school",
        "clinic",
        "townhall",
    )
    """Words in the kind of a key place that make it a point of the village it lies in."""
    village_reach_m: Positive = 2000.0
    """Farthest such a place lies from its village's point where villages have no areas [m]."""
    village_rule: Literal["all", "any"] = "all"
    """Whether all points of a village must reach the target or one of them."""
    continuous_share: WholeShare = 0.95
    """Share of a village's residents from which its cover counts as continuous."""
    fewest_households: NotNegative = 20.0
    """Households from which a natural village is asked about."""
    line_share: WholeShare = 0.95
    """Share of the length of roads and railways asked for."""
    road_classes: tuple[str, ...] = ()
    """Classes of roads asked about; empty for all there are."""
    place_share: WholeShare = 0.8
    """Share of key places asked for (the least a gigabit city needs)."""
    shortest_stretch_m: NotNegative = 300.0
    """Uncovered stretches shorter than this are not listed [m]."""
    most_stretches: Annotated[int, Field(ge=0)] = 100
    """Longest stretches that are listed."""
    fewest_readings: Annotated[int, Field(ge=1)] = 5
    """Readings around a point from which they decide in place of the prediction; as the thresholds of the
    FCC's mobile challenges are a planning value, meant to keep chance and a single spot from deciding."""
    fewest_spots: Annotated[int, Field(ge=1)] = 2
    """Different spots (``spot_m`` apart) these readings must come from."""
    spot_m: Positive = 20.0
    reading_radius_m: Positive = 200.0
    """How far around a point readings speak for it [m]."""


class IndicatorRule(ProjectPart):
    """A figure the city is judged by, and the least it must be."""

    id: str
    name: str
    name_en: str = ""
    least: float
    """Least value, in ``unit``."""
    unit: Literal["%", "per_10k"] = "%"
    owner: str = ""
    """Who answers for it."""
    base: str = ""
    """What one hundredth is counted in, such as broadband users."""
    base_en: str = ""
    source: str = ""


GIGABIT_CITY = (
    IndicatorRule(
        id="stations_per_10k",
        name="每万人拥有5G基站数",
        name_en="5G stations per 10,000 people",
        least=12.0,
        unit="per_10k",
        base="个基站",
        base_en="stations",
        source="“双千兆”网络协同发展行动计划(2021-2023年)",
    ),
    IndicatorRule(
        id="key_place_reach",
        name="重点场所5G网络通达率",
        name_en="key places with 5G",
        least=80.0,
        base="重点场所",
        base_en="key places",
        source="千兆城市评价指标",
    ),
    IndicatorRule(
        id="users_5g",
        name="5G用户占比",
        name_en="share of 5G users",
        least=25.0,
        base="移动用户",
        base_en="mobile users",
        source="千兆城市评价指标（门槛为记忆值，请核对）",
    ),
    IndicatorRule(
        id="users_500m",
        name="500Mbps及以上用户占比",
        name_en="share of users at 500 Mbit/s or more",
        least=25.0,
        base="宽带用户",
        base_en="broadband users",
        source="韶工信函〔2023〕157号",
    ),
    IndicatorRule(
        id="ports_10g_pon",
        name="10G-PON端口占比",
        name_en="share of 10G-PON ports",
        least=25.0,
        base="PON端口",
        base_en="PON ports",
        source="千兆城市评价指标（门槛为记忆值，请核对）",
    ),
)
"""Indicators of a gigabit city that a list of base stations has to do with."""


class BackhaulRules(ProjectPart):
    """How a new site may be connected; planning values, to be replaced by the operators' own."""

    farthest_link_m: Positive = 20_000.0
    """Longest radio link looked at [m]."""
    neighbours: Annotated[int, Field(ge=1, le=50)] = 6
    """Nearest existing sites a link is tried to."""
    frequency_ghz: Annotated[float, Field(ge=1, le=100)] = 15.0
    short_frequency_ghz: Annotated[float, Field(ge=1, le=100)] = 80.0
    """Of short links, which carry more."""
    short_link_m: Positive = 2000.0
    """Longest short link [m]."""
    dish_below_top_m: NotNegative = 2.0
    """How far below the mobile antennas the dish hangs [m]."""
    dem_error_m: Positive = 5.0
    """Standard deviation of heights along the path [m]."""
    low_k: Annotated[float, Field(gt=0.2, le=4 / 3)] = 0.6
    """Effective earth radius factor of the worst 0.1 % of a month."""
    clear_probability: Share = 0.9
    """Probability of a clear path from which a link counts as possible."""
    rain_mm_h: Annotated[float, Field(ge=0, le=250)] | None = None
    """Rain rate exceeded for 0.01 % of the year (ITU-R P.837) [mm/h]; None: rain is not answered."""
    fade_margin_db: Positive = 35.0
    """Rain a link bears [dB]."""
    fibre_per_km: NotNegative | None = None
    """Cost of fibre along the road, any one currency; None: no cost."""
    link_cost: NotNegative | None = None
    """Cost of a radio link, the same currency."""


class ExposureRules(ProjectPart):
    """Limits of exposure to electromagnetic fields, used for a flag and never for an exclusion."""

    basis: str = "《电磁环境控制限值》GB 8702-2014，公众曝露；远场估算按 IEC 62232"
    management_share: WholeShare = 1.0
    """Share of the limit one project may use; 0.2 for the management value of HJ/T 10.3-1996."""
    duty: WholeShare = 0.25
    """Mean transmitted power over six minutes as a share of the greatest, beams moving (IEC 62232 calls it
    the actual maximum)."""


class OddsRules(ProjectPart):
    """How unsure things are that a plan is drawn again with; planning values unless calibrated."""

    draws: Annotated[int, Field(ge=0, le=100_000)] = 0
    """Draws of a plan; 0 draws none."""
    seed: int = 0
    site_share: Annotated[float, Field(ge=0, lt=1)] = 0.3
    """Share of a mast's own variance of shadowing that is one error of the whole mast (its position, height,
    the relief under it) rather than of each place."""
    area_share: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Share of the common part of shadowing that is one error of the whole area, such as a model that is too
    bright everywhere: of a spread of 8 dB, half of it common, 0.1 is 1.8 dB."""
    sky_length_m: Positive = 500.0
    """Distance over which the rest of the common part is alike [m]."""
    population_error: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Standard deviation of the number of people of a village, as a share of it."""
    by_luck: Share = 0.5
    """Share of draws below which a site counts as on the list by luck."""


class LowAltitudeRules(ProjectPart):
    """Cover of air routes: signal, not interference."""

    heights_m: tuple[Annotated[float, Field(gt=22.5, le=300)], ...] = (100.0, 200.0, 300.0)
    """Heights over the ground that are asked about [m]; 3GPP TR 36.777 holds to 300."""
    step_m: Positive = 500.0
    """Distance between the points of a corridor [m]."""
    share: WholeShare = 0.9
    """Share of a corridor asked for (duty of 2026 for public low-altitude routes by 2027)."""
