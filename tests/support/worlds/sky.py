"""Shortcuts to what masts leave uncovered, node by node of the shared shadowing."""

import numpy as np

from siteplan.coverage.matrix import outage_by_node, shares_by_node, upgrade_shares
from siteplan.coverage.propagation import shadowing_of


def sky_of(propagation):
    """What the masts of a propagation model share."""
    return shadowing_of(propagation.config, propagation.services, propagation.budgets)


def outage_nodes(masts, propagation, grid, map_fn=map):
    """Probability that nobody serves, shape (services, nodes, height, width)."""
    return outage_by_node(masts, propagation, grid, sky_of(propagation), map_fn).by_node


def share_nodes(upgrade, propagation, grid):
    """Independent share of an addition at each node."""
    return upgrade_shares(upgrade, propagation, grid, sky_of(propagation))


def on_grid(shares, grid, k=0):
    """Share of the k-th service at each node, on the whole grid."""
    full = np.zeros((shares.share.shape[1], *grid.shape))
    full[(slice(None), *shares.window)] = shares.share[k]
    return full


def nodes_of(mast, propagation, grid, k=0):
    """Probability of the k-th service of a mast at each node, on the whole grid."""
    return on_grid(shares_by_node(propagation.footprint(mast, grid), sky_of(propagation)), grid, k)
