"""The checked project: defaults, look-ups, hash, and the schema that editors read."""

import json

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner
from worlds.two_counties import project_with

from siteplan.cli.commands import app
from siteplan.project.project_file import parse_config
from siteplan.project.schema import Config, clutter_kinds

CONFIG = parse_config(project_with())


def test_parts_are_found_by_their_ids():
    assert CONFIG.band("high").network == "B"
    assert CONFIG.network("A").name == "甲网"
    assert CONFIG.area_class("town").antenna_height_m == 32
    assert CONFIG.antenna("") is None


def test_the_last_class_holds_outside_all_class_polygons_unless_the_project_says_another():
    assert CONFIG.default_area_class == "rural"
    assert parse_config(project_with({"coverage.default_area_class": "town"})).default_area_class == "town"


def test_a_band_without_an_entry_for_a_class_takes_the_one_for_all():
    own = {"models": [{"formula": "uma_nlos"}], "eirp_per_re_dbm": 10}
    changed = parse_config(project_with({"bands.0.classes.town": own}))
    assert changed.band("low").in_class("town").eirp_per_re_dbm == 10
    assert changed.band("low").in_class("rural").eirp_per_re_dbm == 20


def test_eirp_may_come_from_power_blocks_and_antenna():
    parts = {
        "models": [{"formula": "rma_nlos"}],
        "power_w": 40,
        "resource_blocks": 106,
        "antenna": "4T",
    }
    changes = {"bands.0.classes.*": parts, "antennas": [{"id": "4T", "gain_dbi": 15}]}
    found = parse_config(project_with(changes))
    assert found.band("low").in_class("town").eirp_per_re_dbm is None
    assert found.antenna("4T").gain_dbi == 15


def test_the_hash_follows_every_value_and_nothing_else():
    same = parse_config(project_with({"coverage.edge_probability_target": 0.75}))
    other = parse_config(project_with({"coverage.edge_probability_target": 0.8}))
    assert CONFIG.sha256 == same.sha256
    assert CONFIG.sha256 != other.sha256


def test_a_project_is_frozen():
    with pytest.raises(ValidationError):
        CONFIG.project.year = 2024


def test_clutter_is_numbered_by_built_up_classes_first():
    kinds = clutter_kinds(CONFIG)
    assert [kind.id for kind in kinds if kind.built] == ["town", "rural"]
    assert [kind.built for kind in kinds] == sorted((kind.built for kind in kinds), reverse=True)
    assert "built" not in {kind.id for kind in kinds}


def test_what_is_written_out_is_the_same_project_when_it_is_read_again():
    again = parse_config(CONFIG.model_dump(by_alias=True, exclude_none=True))
    assert again == CONFIG


def test_the_schema_for_editors_names_every_section():
    result = CliRunner().invoke(app, ["schema", "project"])
    assert result.exit_code == 0
    printed = json.loads(result.output)
    assert printed == json.loads(json.dumps(Config.model_json_schema()))
    wanted = {field.alias or name for name, field in Config.model_fields.items()}
    assert set(printed["properties"]) == wanted
    assert printed["additionalProperties"] is False
