"""The project file's part on planning: quota, services, coverage, candidates, selection, re-planning."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from siteplan.project.part import NotNegative, Positive, ProjectPart, Share

Target = Literal["residents", "villages", "key_places", "orders", "weak_points", "roads"]


class QuotaTarget(ProjectPart):
    """One line of the year's task list."""

    year: int
    stations: Annotated[int, Field(ge=0)]
    county: str = ""
    """County name or code; empty for the whole city."""
    network: str = ""
    """Network id; empty for all networks."""


class Quota(ProjectPart):
    """What the province asks for."""

    unit: Literal["site_network_band", "site_network", "site"] = "site_network_band"
    targets: tuple[QuotaTarget, ...] = ()
    note: str = ""


class Layer(ProjectPart):
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
    road_weight: NotNegative = 50.0
    """People a kilometre of road or railway stands for."""
    road_classes: tuple[str, ...] = ()
    """Classes of roads and railways that count; empty for all."""


class Coverage(ProjectPart):
    """How "covered" is decided."""

    propagation: Literal["auto", "terrain", "empirical"] = "auto"
    """terrain: free space, diffraction over the DEM and clutter; empirical: the class's formula over flat
    ground; auto: terrain where the DEM's own pixels are fine enough for it."""
    clutter: Literal["profile", "end_loss", "none"] = "profile"
    """Over terrain. profile: heights stand on the terrain (ITU-R P.1812); end_loss: bare terrain and
    the loss at the phone's end (ITU-R P.2108); none: bare terrain. Never two of them."""
    street_width_m: Annotated[float, Field(ge=3, le=200)] = 27.0
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
    comparison_below_mhz: Positive = 1000.0
    """Bands below are checked against a second model in deep shadow [MHz]."""
    comparison_shadow_db: NotNegative = 20.0
    """Diffraction over bare ground from which a shadow is deep [dB]."""
    comparison_sample: Annotated[int, Field(ge=0)] = 600
    """Populated pixels drawn for that check, beside all villages."""
    cache_mib: NotNegative = 512.0
    """Largest size of the project's cache of footprints [MiB]; 0 keeps none."""
    demand_resolution_m: Annotated[float, Field(ge=10, le=5000)] = 100.0
    edge_probability_target: Share = 0.75
    """P at which a person counts as covered and at which the drawn buffer ends."""
    probability_floor: Share = 0.10
    """Below this P a site is taken to give nothing, so that far tails do not add up."""
    shadowing_correlation: Annotated[float, Field(ge=0, le=0.95)] = 0.5
    """Correlation of shadowing between masts of different places: what hides a phone from one mast hides it
    from others (3GPP TR 36.942, 5.2: 0.5 between sites, 1 between sectors of one)."""
    receiver_height_m: Positive = 1.5
    default_area_class: str = ""
    """Class outside all class polygons; empty takes the last one listed."""


class Candidates(ProjectPart):
    """Who may be a site."""

    rooftop_mast_m: Annotated[float, Field(ge=0, le=60)] = 6.0
    """Height of the support on a roof [m]."""
    default_building_height_m: Annotated[float, Field(ge=0, le=300)] = 12.0
    min_antenna_height_m: Annotated[float, Field(ge=0, le=100)] = 10.0
    duplicate_distance_m: Annotated[float, Field(ge=0, le=5000)] = 50.0
    """Two places nearer than this are one; the higher source_type keeps it."""
    poles_per_band: Annotated[int, Field(ge=1, le=12)] = 3
    """Free poles a new band needs on a standing mast where no platform is free: one a sector."""
    order_radius_m: Annotated[float, Field(ge=10, le=20_000)] = 300.0
    """Search ring of a demand order that gives none [m]."""
    new_sites: bool = True
    """Propose new ground sites in gaps (source_type 5)."""
    new_site_min_weight: NotNegative = 60.0
    """Uncovered weight below which a cluster proposes no site [people]."""
    new_site_cluster_m: Annotated[float, Field(ge=20, le=20_000)] = 700.0
    """Neighbourhood in which uncovered demand belongs together [m]."""
    new_site_ground_search_m: Annotated[float, Field(ge=0, le=20_000)] = 300.0
    """How far the mast may climb from the middle of its cluster to higher ground [m]."""
    new_site_max_road_m: Annotated[float, Field(ge=10, le=50_000)] = 800.0
    """Farthest from a road a new mast may stand [m], when roads are given."""
    search_radius_share: Share = 0.25
    """Search ring as a share of the cell radius."""
    max_location_radius_m: Annotated[float, Field(ge=10, le=50_000)] = 1500.0
    """A place found by its address within a wider circle than this waits for coordinates [m]; within a
    narrower
    one it is ranked with that circle as its search ring."""


class SelectionRules(ProjectPart):
    """How hard to search."""

    seed: int = 0
    gap: Share = 5e-3
    """The search ends when the choice is proven to be within this share of the best possible one."""
    work_limit: Positive = 5000.0
    """Or after so much work [million matrix entries touched]; the same on every machine."""
    time_limit_s: Positive | None = None
    """Guard against slow machines [s]; a plan cut short by it may differ from run to run and says so."""
    least_villages: Annotated[int, Field(ge=0)] = 0
    """Villages of the planned area whose point must newly reach the target in the first layer, whatever else
    could be covered. A village is then a step inside the problem: the bound is that of plans that keep
    to it."""
    min_gain_per_station: NotNegative = 1.0
    """Newly covered weight below which a station is not worth building; the quota is then not used up."""


class ReplanRules(ProjectPart):
    """What a plan keeps of the list that was published before it."""

    change_penalty: NotNegative = 0.5
    """What giving up one published place must bring, in mean gains of a published place; 0 re-optimises
    freely."""
    change_factor: dict[Literal["PROPOSED", "NEGOTIATING", "AGREED"], NotNegative] = {
        "PROPOSED": 1.0,
        "NEGOTIATING": 2.0,
        "AGREED": 5.0,
    }
    """How much dearer a change is by status; one that is not named counts as 1."""
    curve: tuple[NotNegative, ...] = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 100.0)
    """Costs tried for the curve of coverage against changed places."""
    curve_work: Positive = 400.0
    """Work for each of them [million matrix entries touched]."""
    cooling_radius_m: Annotated[float, Field(ge=0, le=20_000)] = 100.0
    """New places this near a refused one are left alone as well [m]."""
    cooling_months: NotNegative = 12.0
    """How long a refusal stands; a place that cannot be built stays out."""


class ReturnRules(ProjectPart):
    """Whose word counts for more."""

    sources: tuple[str, ...] = ()
    """Words in a reporter's or a file's name, the one that counts most first, such as supervisor, tower
    company, operator. A report against one of a lower source is taken; against an equal one both wait."""
