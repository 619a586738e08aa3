"""Synthetic roads: least-cost ways over the relief from every village to its town and between towns.

One shortest-path forest grown from all towns at once gives both the village
roads (its branches) and the town links (where two trees meet), so roads share their stretches.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

from siteplan.demo.ground import Land, Points
from siteplan.demo.noise import child
from siteplan.demo.settlements import Settlements

_CELL_PX = 5
"""Edge of a road cell [working pixels]."""
_CLIMB = 9.0
"""How many times longer a way seems per unit of slope."""
_LOOPS = 0.22
"""Share of the town links outside the tree that are built as well."""
_MAIN_LINKS = 0.5
"""Share of the tree's links that are primary, the rest are secondary."""


@dataclass(frozen=True)
class Way:
    """A road: its class, name and the nodes it runs through."""

    highway: str
    name: str
    nodes: tuple[int, ...]


@dataclass(frozen=True)
class Roads:
    """Road network with shared nodes."""

    nodes_m: Points
    ways: tuple[Way, ...]

    def points(self) -> Points:
        """Points on town-to-town roads [m], shape (n, 2)."""
        used = [node for way in self.ways if way.highway != "unclassified" for node in way.nodes]
        return self.nodes_m[np.unique(used)]


@dataclass(frozen=True)
class _Mesh:
    """Road cells of the city, their low points and the cost of going from one to the next."""

    nodes_m: Points
    cost: sparse.csr_array
    cell: NDArray[np.int64]
    """Node of each working pixel, -1 outside."""


def make_roads(land: Land, settlements: Settlements, seed: int) -> Roads:
    """Draw the road network."""
    mesh = _mesh(land, child(seed, "roads"))
    towns = mesh.cell[land.pixels(settlements.town_points())]
    seeds = np.unique(towns[towns >= 0])
    distance, previous, source = dijkstra(mesh.cost, indices=seeds, min_only=True, return_predecessors=True)
    links = _town_links(mesh, distance, source, seeds, child(seed, "loops"))
    built: set[tuple[int, int]] = set()
    ways = []
    for rank, (here, there) in enumerate(links):
        path = [*_back(here, previous)[::-1], *_back(there, previous)]
        highway = "primary" if rank < _MAIN_LINKS * len(links) else "secondary"
        ways += _new_stretches(path, built, highway, f"合成道路 {rank + 1}")
    used = np.zeros(len(mesh.nodes_m), bool)
    used[[node for way in ways for node in way.nodes]] = True
    return _with_villages(mesh, ways, used, previous, land, settlements)


def _mesh(land: Land, rng: np.random.Generator) -> _Mesh:
    grid = land.grid
    rows, cols = grid.height // _CELL_PX, grid.width // _CELL_PX
    every = np.arange(grid.height * grid.width).reshape(grid.shape)
    blocks = every[: rows * _CELL_PX, : cols * _CELL_PX].reshape(rows, _CELL_PX, cols, _CELL_PX)
    pixels = blocks.transpose(0, 2, 1, 3).reshape(rows * cols, -1)
    height = np.where(land.inner[pixels], land.elevation_m[pixels], np.inf)
    open_cell = np.isfinite(height).any(axis=1)
    lowest = pixels[np.arange(len(pixels)), height.argmin(axis=1)]
    number = np.where(open_cell, np.cumsum(open_cell) - 1, -1)
    cell = np.full(grid.height * grid.width, -1)
    cell[pixels] = np.where(land.inner[pixels], number[:, None], -1)
    lowest = lowest[open_cell]
    middle = land.points(pixels[open_cell, pixels.shape[1] // 2])
    nodes = 0.6 * land.points(lowest) + 0.4 * middle + rng.uniform(-20, 20, middle.shape)
    cost = _costs(number.reshape(rows, cols), nodes, land.elevation_m[lowest].astype(float))
    return _Mesh(nodes, cost, cell)


def _costs(number: NDArray[np.int64], nodes_m: Points, height_m: NDArray[Any]) -> sparse.csr_array:
    """Length of the way between neighbouring cells, longer where it climbs."""
    pairs = []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        if right >= 0:
            first = number[: number.shape[0] - down, : number.shape[1] - right]
            second = number[down:, right:]
        else:
            first, second = number[:-1, 1:], number[1:, :-1]
        both = (first >= 0) & (second >= 0)
        pairs.append(np.column_stack([first[both], second[both]]))
    here, there = np.concatenate(pairs).T
    length = np.maximum(np.hypot(*(nodes_m[here] - nodes_m[there]).T), 50)
    climb = np.abs(height_m[here] - height_m[there])
    cost = length * (1 + _CLIMB * climb / length)
    ends = (np.concatenate([here, there]), np.concatenate([there, here]))
    return sparse.csr_array((np.tile(cost, 2), ends), shape=(len(nodes_m),) * 2)


def _back(node: int, previous: NDArray[np.int32]) -> list[int]:
    """Nodes from this one to the town its tree grew from."""
    path = [int(node)]
    while previous[path[-1]] >= 0:
        path.append(int(previous[path[-1]]))
    return path


def _town_links(
    mesh: _Mesh,
    distance: NDArray[np.float64],
    source: NDArray[np.int64],
    seeds: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[tuple[int, int]]:
    """Where the trees of two towns meet most cheaply, for the tree of towns and some loops."""
    edge = mesh.cost.tocoo()
    apart = (source[edge.row] < source[edge.col]) & (source[edge.row] >= 0)
    here, there = edge.row[apart], edge.col[apart]
    total = distance[here] + edge.data[apart] + distance[there]
    order = np.argsort(total, kind="stable")
    town = np.searchsorted(seeds, np.column_stack([source[here], source[there]])[order])
    first = np.unique(town[:, 0] * len(seeds) + town[:, 1], return_index=True)[1]
    best, pair = order[first], town[first]
    graph = sparse.coo_array((total[best], pair.T), shape=(len(seeds),) * 2).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    in_tree = np.isin(pair @ [len(seeds), 1], tree.row * len(seeds) + tree.col)
    keep = in_tree | (rng.random(len(pair)) < _LOOPS)
    ranks = np.lexsort([total[best], ~in_tree])
    return [(int(here[best[k]]), int(there[best[k]])) for k in ranks if keep[k]]


def _new_stretches(path: list[int], built: set[tuple[int, int]], highway: str, name: str) -> list[Way]:
    """The parts of a path that no earlier road runs along; they are added to what is built."""
    ways, current = [], [path[0]]
    for before, after in pairwise(path):
        if (min(before, after), max(before, after)) in built:
            ways.append(current)
            current = [after]
        else:
            current.append(after)
    ways.append(current)
    built.update((min(pair), max(pair)) for pair in pairwise(path))
    return [Way(highway, name, tuple(nodes)) for nodes in ways if len(nodes) > 1]


def _with_villages(
    mesh: _Mesh,
    ways: list[Way],
    used: NDArray[np.bool_],
    previous: NDArray[np.int32],
    land: Land,
    settlements: Settlements,
) -> Roads:
    """Add a road from every village along its branch to the first road it meets."""
    points = settlements.village_points()
    cells = mesh.cell[land.pixels(points)]
    reached = [row for row in range(len(points)) if cells[row] >= 0]
    for row in reached:
        path = _back(int(cells[row]), previous)
        stop = next((k for k, node in enumerate(path) if used[node]), len(path) - 1)
        end = len(mesh.nodes_m) + row
        used[path[: stop + 1]] = True
        name = f"{settlements.villages['village'].iloc[row]}村道（合成）"
        ways.append(Way("unclassified", name, (end, *path[: stop + 1])))
    return Roads(np.concatenate([mesh.nodes_m, points]), tuple(ways))
