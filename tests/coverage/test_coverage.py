"""Footprints: round on flat ground, equal to the closed form, conserved and monotone."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.special import ndtr
from worlds.sky import outage_nodes, share_nodes, sky_of
from worlds.two_counties import SOUTH, WEST

from siteplan.core.grid import Grid
from siteplan.coverage.demand import build_demand, services_of
from siteplan.coverage.empirical import EmpiricalModel
from siteplan.coverage.masts import masts_of
from siteplan.coverage.matrix import Upgrade, coverage_matrix
from siteplan.coverage.propagation import Mast
from siteplan.planning import pipeline
from siteplan.planning.quota import on_air
from siteplan.project.project_file import load_config
from siteplan.radio.pathloss import rma_nlos_loss

GRID = Grid(crs="EPSG:4547", west_m=WEST, north_m=SOUTH + 15_000, resolution_m=100.0, width=150, height=150)


@pytest.fixture(scope="module")
def world(shared_world):
    config = load_config(shared_world)
    return config, pipeline.load(shared_world, config), EmpiricalModel(config, services_of(config))


def mast(bands=("high",), height=35.0, east=7_050.0, north=7_050.0):
    return Mast("T", WEST + east, SOUTH + north, "rural", height, tuple(bands))


def test_services_are_layers_times_networks(world):
    assert [service.key for service in world[2].services] == ["L1", "L2/A", "L2/B", "L3/A", "L3/B"]


def test_a_footprint_is_round(world):
    footprint = world[2].footprint(mast(), GRID)
    values = footprint.probability[0]
    np.testing.assert_array_equal(values, values[::-1])
    np.testing.assert_array_equal(values, values[:, ::-1])
    np.testing.assert_array_equal(values, values.T)


def test_a_footprint_equals_the_closed_form(world):
    """P = Phi((EIRP - loss - T) / sigma) at the pixel centres, 10 m tables interpolated."""
    footprint = world[2].footprint(mast(), GRID)
    rows, cols = footprint.window
    row, col = np.mgrid[rows, cols]
    x, y = GRID.centre(row, col)
    distance = np.hypot(x - (WEST + 7_050.0), y - (SOUTH + 7_050.0))
    near = (distance >= 50) & (distance < 2_500)
    expected = ndtr((36.7 - rma_nlos_loss(distance[near], 2140, 35) + 105.0) / 8.0)
    np.testing.assert_allclose(footprint.probability[0][near], expected, atol=2e-3)


def test_probability_never_rises_with_distance(world):
    away = np.arange(0.0, 12_000.0, 7.0)
    _, probability = world[2].at(
        mast(("low", "high")), WEST + 7_050.0 + away, np.full(away.shape, SOUTH + 7_050.0)
    )
    assert (np.diff(probability, axis=1) <= 1e-7).all()
    assert probability.min() == 0.0
    assert 0.99 < probability.max() <= 1.0


def test_below_the_floor_a_mast_gives_nothing(world):
    config, _, propagation = world
    values = propagation.footprint(mast(), GRID).probability
    assert values[values > 0].min() >= config.coverage.probability_floor
    assert values[:, 0, 0].max() == 0.0


def test_bands_of_one_mast_share_shadowing(world):
    """Both bands together are as good as the better one, not better."""
    propagation = world[2]
    away = np.arange(0.0, 12_000.0, 7.0)
    places = WEST + 7_050.0 + away, np.full(away.shape, SOUTH + 7_050.0)
    both = propagation.at(mast(("high", "low")), *places)[1][0]
    single = [propagation.at(mast((band,)), *places)[1][0] for band in ("high", "low")]
    np.testing.assert_allclose(both, np.maximum(*single), atol=1e-6)


def test_a_network_serves_its_own_services_only(world):
    services, _ = world[2].radial(mast(("low",)))
    assert [world[2].services[k].key for k in services] == ["L1", "L2/A", "L3/A"]


def test_indoors_needs_more_signal(world):
    """L3 is 5 dB above L1 and 16 dB behind walls on this band."""
    config, _, propagation = world
    budgets = propagation.budgets
    outdoor = budgets.radius_m("high", "rural", 35.0, config.layers[0], 0.75)
    indoor = budgets.radius_m("high", "rural", 35.0, config.layers[2], 0.75)
    assert 0 < indoor < outdoor / 2


def test_the_drawn_buffer_ends_at_the_edge_target(world):
    config, _, propagation = world
    radius = propagation.budgets.radius_m("high", "rural", 35.0, config.layers[0], 0.75)
    score = propagation.budgets.margin("high", "rural", 35.0, config.layers[0])
    at = int(radius / 10)
    assert ndtr(score[at]) >= 0.75 > ndtr(score[at + 1])


def test_a_low_mast_falls_back_to_the_second_formula(world):
    budgets = world[2].budgets
    assert budgets.radial("low", "rural", 35.0).formula == "okumura_hata_suburban"
    assert budgets.radial("low", "rural", 25.0).formula == "rma_nlos"


@pytest.mark.parametrize(("eirp_dbm", "limited"), [(36.7, False), (75.0, True)])
def test_a_mast_that_serves_where_its_formula_ends_is_flagged(world, eirp_dbm, limited):
    """At 5 km the formula of the band loses 158 dB; 75 % need 5.4 dB more than the threshold."""
    config = world[0]
    high = config.band("high")
    classes = {"*": high.classes["*"].model_copy(update={"eirp_per_re_dbm": eirp_dbm})}
    bands = (config.band("low"), high.model_copy(update={"classes": classes}))
    propagation = EmpiricalModel(config.model_copy(update={"bands": bands}), services_of(config))
    assert propagation.radius_limited(mast()) is limited
    assert propagation.radius_limited(mast(("high", "low"))) is limited
    assert propagation.radius_limited(mast(())) is False
    assert (propagation.reach_m(mast()) >= 5_000.0) is limited


def test_uncovered_is_a_product_over_masts(world):
    propagation = world[2]
    masts = [mast(), mast(east=9_000.0)]
    both = outage_nodes(masts, propagation, GRID)
    singles = [outage_nodes([each], propagation, GRID) for each in masts]
    np.testing.assert_allclose(both, singles[0] * singles[1], atol=1e-6)


def test_adding_a_mast_never_lowers_coverage(world):
    propagation = world[2]
    one = outage_nodes([mast()], propagation, GRID)
    two = outage_nodes([mast(), mast(east=8_000.0)], propagation, GRID)
    assert (two <= one + 1e-7).all()


def test_threads_change_nothing(world):
    propagation = world[2]
    masts = [mast(east=float(east)) for east in range(500, 14_500, 700)]
    serial = outage_nodes(masts, propagation, GRID)
    with ThreadPoolExecutor(2) as pool:
        np.testing.assert_array_equal(serial, outage_nodes(masts, propagation, GRID, pool.map))


def test_a_window_at_the_edge_holds_the_same_values(world):
    """A county run sees part of a footprint; its pixels are those of the whole."""
    propagation = world[2]
    small = Grid("EPSG:4547", WEST + 6_000, SOUTH + 9_000, 100.0, 20, 30)
    whole, part = propagation.footprint(mast(), GRID), propagation.footprint(mast(), small)
    full = np.zeros((5, *GRID.shape), dtype=np.float32)
    full[(whole.services, *whole.window)] = whole.probability
    cut = np.zeros((5, *small.shape), dtype=np.float32)
    cut[(part.services, *part.window)] = part.probability
    np.testing.assert_array_equal(full[:, 60:90, 60:80], cut)


def test_an_upgrade_takes_its_share_of_what_was_left(world):
    """Uncovered before times one minus the share is uncovered after, mast and bands as one."""
    propagation = world[2]
    old = mast(("low",))
    share = share_nodes(Upgrade(old, ("high",)), propagation, GRID)
    before = outage_nodes([old], propagation, GRID)
    after = outage_nodes([mast(("high", "low"))], propagation, GRID)
    built = before.copy()
    rows, cols = share.window
    for k, service in enumerate(share.services):
        built[service, :, rows, cols] *= 1 - share.share[k]
    np.testing.assert_allclose(built, after, atol=1e-5)


def test_a_chance_of_a_half_halves_the_share(world):
    propagation = world[2]
    whole = share_nodes(Upgrade(mast(()), ("high",)), propagation, GRID)
    half = share_nodes(Upgrade(mast(()), ("high",), 0.5), propagation, GRID)
    np.testing.assert_allclose(half.share, whole.share / 2)


def test_matrix_columns_are_the_footprints_at_the_demand_rows(world):
    config, inputs, propagation = world
    demand = build_demand(inputs, config)
    upgrade = Upgrade(mast(()), ("high", "low"))
    sky = sky_of(propagation)
    nodes = len(sky.node)
    wanted = np.arange(len(demand.weight) * nodes) % 7 != 0
    matrix = coverage_matrix([upgrade, upgrade], demand, propagation, sky, wanted)
    dense = np.zeros((5, nodes, *inputs.grid.shape), dtype=np.float32)
    share = share_nodes(upgrade, propagation, inputs.grid)
    for k, service in enumerate(share.services):
        dense[(service, slice(None), *share.window)] = share.share[k]
    rows, values = matrix.rows[: matrix.indptr[1]], matrix.values[: matrix.indptr[1]]
    assert (np.diff(rows) > 0).all()
    by_row = np.zeros((len(demand.weight), nodes), dtype=np.float32)
    by_row.ravel()[rows] = values
    for service in range(5):
        asked = demand.row_of[service] >= 0
        expected = dense[service].reshape(nodes, -1)[:, demand.pixels[asked]].T
        these = demand.row_of[service][asked]
        kept = wanted.reshape(-1, nodes)[these]
        np.testing.assert_array_equal(by_row[these], np.where(kept, expected, 0.0))


def test_one_mast_a_site_and_only_what_is_on_air(world):
    config, inputs, propagation = world
    masts, refused = masts_of(on_air(inputs.stations, config), config, propagation)
    assert [(each.site_id, each.bands) for each in masts] == [
        ("Z1", ("high", "low")),
        ("Z2", ("low",)),
        ("Z3", ("high",)),
    ]
    assert refused == []


def test_a_mast_no_formula_holds_for_is_named(world):
    config, inputs, propagation = world
    tall = inputs.stations.assign(antenna_height_m=250.0)
    masts, refused = masts_of(tall, config, propagation)
    assert masts == []
    assert refused == ["S1", "S2", "S3", "S4", "S5"]


def test_demand_weighs_people_villages_and_key_places(world):
    """Weights: L1 people + 50 a village; L2 half of people + 20 a village for each of two networks."""
    config, inputs, _ = world
    demand = build_demand(inputs, config)
    people = float(np.nansum(inputs.population.values))
    sums = [demand.weight[rows[rows >= 0]].sum() for rows in demand.row_of]
    assert sums[0] == pytest.approx(people + 6 * 50)
    assert sums[1] == sums[2] == pytest.approx(0.5 * (people + 6 * 20))
    town = np.isin(inputs.class_code, [0]) & (inputs.county_code > 0)
    in_town = float(np.nansum(inputs.population.values[town]))
    assert sums[3] == pytest.approx(0.2 * (in_town + 500 + 200))
