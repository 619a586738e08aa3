"""What each rank adds, and who could help a village: sums must agree with trying everyone."""

from __future__ import annotations

import numpy as np
import pytest
from worlds.sky import on_grid, share_nodes

import siteplan
from siteplan.planning import pipeline
from siteplan.planning.pipeline import AreaRequest
from siteplan.planning.replan import ReplanContext
from siteplan.project.project_file import load_config


@pytest.fixture(scope="module")
def city(planned_city):
    return siteplan.read_plan(planned_city / "runs" / "city")


def test_steps_lead_from_before_to_after_in_every_county(city):
    steps = city.proposal.places.steps
    added = steps.groupby("county_id")[["people", "villages"]].sum()
    table = city.proposal.effects.counties.set_index("county_id")
    for name, column in (("people", "population"), ("villages", "villages")):
        gain = table[f"{column}_covered_after"] - table[f"{column}_covered_before"]
        np.testing.assert_allclose(added[name].reindex(table.index).fillna(0), gain, atol=1e-6)
    people = steps.groupby("rank")["people"].sum()
    by_rank = city.sites.set_index("rank")["people_newly_covered"]
    np.testing.assert_allclose(people.reindex(by_rank.index).fillna(0), by_rank, atol=0.51)


def test_the_changing_rank_of_a_pixel_is_the_one_that_brings_it_to_the_target(city):
    proposal = city.proposal
    target = proposal.config.coverage.edge_probability_target
    before, after = (
        np.nan_to_num(each.values) for each in (proposal.existing.coverage, proposal.effects.coverage)
    )
    ranks = np.asarray(proposal.places.ranks.values)
    newly = (before < target) & (after >= target)
    assert newly.any()
    assert (ranks[newly] > 0).all()
    assert (ranks[np.isnan(proposal.existing.coverage.values)] == 0).all()
    assert ranks.max() <= len(city.sites)
    row, col = proposal.area.grid.index(
        city.villages.geometry.x.to_numpy(), city.villages.geometry.y.to_numpy()
    )
    reached = city.villages["reached_rank"].to_numpy()
    np.testing.assert_array_equal(reached[reached > 0], ranks[row, col][reached > 0])
    np.testing.assert_array_equal(reached > 0, city.villages["state"].eq("newly"))


def test_a_footprint_is_what_the_place_alone_reaches(city):
    proposal = city.proposal
    assert len(proposal.places.footprints) == len(city.sites)
    target = proposal.config.coverage.edge_probability_target
    after = np.nan_to_num(proposal.effects.coverage.values)
    for row, col, mask in proposal.places.footprints:
        window = slice(row, row + mask.shape[0]), slice(col, col + mask.shape[1])
        inside = ~np.isnan(proposal.effects.coverage.values[window])
        assert (after[window][mask & inside] >= target - 1e-6).all()


def test_who_would_help_a_village_agrees_with_trying_everyone(city, planned_city):
    config = load_config(planned_city)
    inputs = pipeline.load(planned_city, config)
    ready, _ = pipeline.prepare(inputs, config, AreaRequest(), ReplanContext())
    target = config.coverage.edge_probability_target
    ids = ready.candidates["candidate_id"].to_numpy(dtype=object)
    expected = {}
    sky = ready.existing.outage.shadowing
    left_nodes = ready.existing.outage.by_node[0].reshape(len(sky.node), -1)
    for number, upgrade in enumerate(ready.options.upgrades):
        added = share_nodes(upgrade, ready.propagation, inputs.grid)
        if added is None or 0 not in added.services:
            continue
        share = on_grid(added, inputs.grid, list(added.services).index(0)).reshape(len(sky.node), -1)
        for v, village in enumerate(inputs.villages["village_id"]):
            pixel = ready.demand.village_pixel[v]
            if pixel < 0:
                continue
            at = ready.demand.pixels[pixel]
            left = float(left_nodes[:, at] @ sky.weight)
            reached = 1 - float((left_nodes[:, at] * (1 - share[:, at])) @ sky.weight)
            if 1 - left < target <= reached:
                key = village, ids[ready.options.place[number]]
                expected[key] = max(expected.get(key, 0.0), reached)
    choices = city.proposal.places.choices
    have = {(row.village_id, row.candidate_id): row.probability for row in choices.itertuples()}
    assert expected
    assert set(have) <= set(expected)
    for key, probability in have.items():
        assert probability == pytest.approx(expected[key], abs=1e-3)
    for village in {village for village, _ in expected}:
        best = sorted((-p, c) for (v, c), p in expected.items() if v == village)[:6]
        assert [c for v, c in have if v == village] == [c for _, c in best]
