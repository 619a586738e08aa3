"""The project file's part on a plan's check of itself: what is worth a look, as data."""

from __future__ import annotations

from siteplan.project.part import NotNegative, Positive, ProjectPart, Share


class SanityRules(ProjectPart):
    """From where on a plan is looked at twice. Our planning values; none comes from a standard."""

    most_share_per_site: Share = 0.25
    """Share of all people one site newly covers, in a plan of at least ``fewest_sites``."""
    fewest_sites: Positive = 4
    """Places from which a share of one of them says something."""
    farthest_road_m: Positive = 2000.0
    """Distance of a proposed place from the nearest road [m]."""
    above_settlement_m: NotNegative = 0.0
    """How far above the highest village a new mast may stand [m]."""
    least_served_share: Share = 0.1
    """Share of people an existing network of ``many_stations`` must serve."""
    many_stations: Positive = 20
    """Stations on air from which a network that serves almost nobody is odd."""
    crowded_per_km2: Positive = 30_000.0
    """People per km2 of a pixel that stands for a whole town; the densest districts of China have 40,000."""
    marginal: Share = 0.02
    """Distance of a probability from the target within which a verdict may flip."""
