"""Draws of a small plan: reproducible, true on the mean, and quiet where nothing is unsure."""

import numpy as np
import pytest
from worlds.two_counties import write_project

from siteplan.core.grid import Grid
from siteplan.planning import pipeline
from siteplan.planning.proof import prove as proving
from siteplan.planning.proof.odds import draw, make_drawing, odds_of, sky_field
from siteplan.project.project_file import load_config

UNSURE = {"draws": 40, "site_share": 0.3, "area_share": 0.1, "population_error": 0.2}


@pytest.fixture(scope="module")
def solved(tmp_path_factory):
    """The two counties planned, with everything the proof is given."""
    folder = write_project(tmp_path_factory.mktemp("odds") / "two")
    config = load_config(folder)
    inputs = pipeline.load(folder, config)
    kept = {}

    def keep(inputs, config, solved, proposed, measurements, report):
        kept.update(solved=solved, proposed=proposed)
        return proving.prove(inputs, config, solved, proposed, measurements, report)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "prove", keep)
        pipeline.run(inputs, config)
    return inputs, config, kept["solved"], kept["proposed"]


def drawing_of(solved, **changed):
    _, config, area, _ = solved
    rules = config.odds.model_copy(update={**UNSURE, **changed})
    ready = area.ready
    return make_drawing(ready.problem, area.replanned.selection, ready.demand, ready.existing.outage, rules)


def odds(solved, **changed):
    inputs, _, area, proposed = solved
    drawing = drawing_of(solved, **changed)
    ring = proposed["search_radius_m"].to_numpy(dtype=float)
    selection, ready = area.replanned.selection, area.ready
    return odds_of(drawing, selection, ready.options, ready.candidates, ring, inputs)


def test_the_same_seed_draws_the_same_and_another_another(solved):
    one, again, other = odds(solved), odds(solved), odds(solved, seed=1)
    assert one.people.equals(again.people)
    assert one.places.equals(again.places)
    assert not one.people.equals(other.people)


def test_a_draw_does_not_depend_on_how_many_there_are(solved):
    few, many = drawing_of(solved, draws=3), drawing_of(solved, draws=30)
    assert draw(few, 2).left.tolist() == draw(many, 2).left.tolist()


def test_the_mean_over_draws_is_the_probability_of_the_map(solved):
    """Nothing is counted twice: villages and people come to their P again."""
    _, _, area, _ = solved
    found = odds(solved, draws=600, population_error=0.0)
    villages = area.effects.villages
    for when in ("before", "after"):
        p = villages[f"probability_{when}"].to_numpy()
        assert np.abs(found.villages[f"reached_{when}"].to_numpy() - p).max() < 0.06
    expected = area.effects.counties["population_expected_after"].sum()
    after = found.people.set_index("when").loc["after"]
    assert after["mean"] == pytest.approx(expected, rel=0.01)
    assert after["low"] < after["middle"] < after["high"]


def test_people_of_a_county_are_drawn_elsewhere_not_anew(solved):
    drawing = drawing_of(solved, population_error=0.5)
    demand, factor = drawing.demand, draw(drawing, 0).people_factor
    assert factor.std() > 0.1
    for code in np.unique(demand.county_code):
        own = demand.county_code == code
        assert (demand.people * factor)[own].sum() == pytest.approx(demand.people[own].sum())


def test_where_nothing_is_unsure_all_draws_are_one(solved):
    people = odds(
        solved, draws=5, site_share=0.0, population_error=0.0, sky_length_m=1e9, area_share=0.0
    ).people
    assert (people["low"] <= people["mean"]).all()
    still = [draw(drawing_of(solved, site_share=0.0, population_error=0.0), k).people_factor for k in (0, 1)]
    assert still[0].tolist() == still[1].tolist() == np.ones(len(still[0])).tolist()


def test_shares_are_shares_and_luck_is_their_small_end(solved):
    _, config, _, proposed = solved
    found = odds(solved).places
    assert found["candidate_id"].tolist() == proposed["candidate_id"].tolist()
    assert found["stays"].between(0, 1).all()
    assert (found["stays_exactly"] <= found["stays"]).all()
    assert found["by_luck"].tolist() == (found["stays"] < config.odds.by_luck).tolist()


def test_the_sky_has_one_variance_everywhere_and_is_alike_nearby():
    grid = Grid("EPSG:4547", 0.0, 4_000.0, 100.0, 40, 40)
    pixels = np.arange(1_600)
    fields = np.stack([sky_field(grid, pixels, 1_000.0, np.random.default_rng(k)) for k in range(800)])
    assert fields.std(axis=0) == pytest.approx(1.0, abs=0.12)
    near, far = (np.mean(fields[:, 800] * fields[:, 800 + step]) for step in (1, 30))
    assert near > 0.8
    assert abs(far) < 0.15


def test_a_project_that_asks_for_no_draws_has_no_odds(solved):
    inputs, config, area, proposed = solved
    assert proving.prove(inputs, config, area, proposed).odds_places.empty
    asked = config.model_copy(update={"odds": config.odds.model_copy(update={"draws": 3})})
    assert len(proving.prove(inputs, asked, area, proposed).odds_places) == len(proposed)
