"""The project file: every fault with its dotted path, in words of both languages, all of them at once."""

import datetime as dt
import re
from pathlib import Path

import pytest
from worlds.two_counties import PROJECT, project_with, write_toml

import siteplan
from siteplan.core.errors import ConfigError, SiteplanError
from siteplan.outputs.wording import error_text
from siteplan.project.project_file import load_config, parse_config, with_calibration
from siteplan.words.catalogue import LANGUAGES, texts

CHINESE = re.compile("[\u4e00-\u9fff]")
LOWER = {"eirp_per_re_dbm": 20, "models": [{"formula": "rma_nlos"}]}
AUDIENCE = {"id": "a", "name": "甲", "layers": ["sites"]}

KINDS = [  # entry of the catalogue, what is wrong, dotted path
    ("config_missing", {"project.city": None}, "project.city"),
    ("config_extra_forbidden", {"layers.0.treshold_dbm": -105}, "layers.0.treshold_dbm"),
    ("config_renamed", {"coverage.level": "empirical"}, "coverage.level"),
    ("config_literal_error", {"exclusions.0.level": "ban"}, "exclusions.0.level"),
    ("config_greater_than", {"coverage.receiver_height_m": 0}, "coverage.receiver_height_m"),
    ("config_greater_than_equal", {"exclusions.0.buffer_m": -1}, "exclusions.0.buffer_m"),
    ("config_less_than", {"coverage.edge_probability_target": 1}, "coverage.edge_probability_target"),
    ("config_less_than_equal", {"layers.0.threshold_dbm": 0}, "layers.0.threshold_dbm"),
    ("config_too_short", {"networks": []}, "networks"),
    ("config_string_type", {"project.city": 5}, "project.city"),
    (
        "config_string_pattern_mismatch",
        {"outputs.audiences": [AUDIENCE | {"id": "a b"}]},
        "outputs.audiences.0.id",
    ),
    ("config_int_type", {"project.year": [2023]}, "project.year"),
    ("config_int_parsing", {"project.year": "next"}, "project.year"),
    ("config_int_from_float", {"project.year": 2023.5}, "project.year"),
    ("config_float_type", {"layers.0.weight": []}, "layers.0.weight"),
    ("config_float_parsing", {"layers.0.weight": "much"}, "layers.0.weight"),
    ("config_finite_number", {"project.year": float("inf")}, "project.year"),
    ("config_bool_type", {"layers.0.indoor": []}, "layers.0.indoor"),
    ("config_bool_parsing", {"layers.0.indoor": "perhaps"}, "layers.0.indoor"),
    ("config_date_type", {"project.reference_date": []}, "project.reference_date"),
    ("config_date_from_datetime_parsing", {"project.reference_date": "June"}, "project.reference_date"),
    (
        "config_date_from_datetime_inexact",
        {"project.reference_date": dt.datetime(2023, 6, 30, 5)},
        "project.reference_date",
    ),
    ("config_tuple_type", {"layers": "L1"}, "layers"),
    ("config_list_type", {"inputs.stations.where": {"网络": {"a": 1}}}, "inputs.stations.where.网络"),
    ("config_dict_type", {"bands.0.classes": "all"}, "bands.0.classes"),
    ("config_model_type", {"project": "a city"}, "project"),
    ("config_eirp_or_parts", {"bands.0.classes.*": LOWER | {"power_w": 40}}, "bands.0.classes.*"),
    ("not_a_metric_crs", {"project.crs": "EPSG:4490"}, "project.crs"),
    ("id_twice", {"networks.1.id": "A"}, "networks"),
    ("not_defined", {"bands.1.network": "C"}, "bands.high.network"),
    ("not_a_band_of", {"area_classes.0.rollout.0.bands": ["high"]}, "area_classes.town.rollout.bands"),
    ("class_without_band", {"bands.0.classes": {"town": LOWER}}, "bands.low.classes"),
]
NEVER_SEEN = {"config_date_parsing"}
"""Kinds the validator knows and TOML cannot provoke: a text that is no date is refused as a time first."""
OF_A_PROVINCE = {"config_city_twice", "config_fixed_too_many"}
"""Kinds of its own file, tested with it."""
NO_FAULT = {"config_faults", "config_file", "config_other"}


def faults_of(changes):
    with pytest.raises(ConfigError) as caught:
        parse_config(project_with(changes))
    return caught.value


@pytest.mark.parametrize(("key", "changes", "path"), KINDS, ids=[row[0] for row in KINDS])
def test_every_kind_of_fault_has_words_in_both_languages_and_its_dotted_path(key, changes, path):
    error = faults_of(changes)
    (fault, *_) = [each for each in error.faults if each.key == key]
    assert fault.path == path or fault.path.startswith(f"{path}.")
    chinese, english = (
        next(line for line in error_text(error, lang).splitlines() if fault.path in line)
        for lang in ("zh", "en")
    )
    assert chinese.startswith(f"project.toml: {fault.path}: ")
    assert english.startswith(f"project.toml: {fault.path}: ")
    assert CHINESE.search(chinese.removeprefix(f"project.toml: {fault.path}: "))
    assert not CHINESE.search(english.removeprefix(f"project.toml: {fault.path}: "))


def test_no_kind_of_fault_is_left_out_above():
    known = {key for key in texts("zh") if key.startswith("config_")} - NO_FAULT
    assert known - NEVER_SEEN - OF_A_PROVINCE == {key for key, *_ in KINDS if key.startswith("config_")}


WRONG = [
    "text",
    7,
    1.5,
    -1.0,
    True,
    [],
    [1],
    {"a": 1},
    dt.date(2023, 1, 1),
    dt.datetime(2023, 1, 1, 5),
    dt.time(5),
    float("nan"),
    float("inf"),
    10**30,
]


def entries(node, path=()):
    """Every entry of a project, with the first member of each list."""
    if path:
        yield path
    if isinstance(node, dict):
        for key, value in node.items():
            yield from entries(value, (*path, key))
    elif isinstance(node, (list, tuple)) and node:
        yield from entries(node[0], (*path, 0))


def put(node, path, value):
    if not path:
        return value
    if isinstance(node, dict):
        return node | {path[0]: put(node[path[0]], path[1:], value)}
    return [put(each, path[1:], value) if n == path[0] else each for n, each in enumerate(node)]


FULL = parse_config(project_with()).model_dump(by_alias=True, exclude={"fitted"})


def outcome_of(data):
    """The project, or what is wrong with it."""
    try:
        return parse_config(data)
    except ConfigError as error:
        return error


@pytest.mark.parametrize("section", FULL)
def test_whatever_stands_in_an_entry_the_fault_has_words_of_our_own(section):
    refused = 0
    for path in entries(FULL[section], (section,)):
        for value in WRONG:
            found = outcome_of(put(FULL, path, value))
            if isinstance(found, ConfigError):
                refused += 1
                assert all(fault.path and fault.key != "config_other" for fault in found.faults), (
                    path,
                    value,
                )
                for lang in LANGUAGES:
                    assert len(error_text(found, lang).splitlines()) >= len(found.faults)
    assert refused


RENAMED = [
    ("coverage.level", "empirical", "coverage.propagation"),
    ("coverage.spread_below_mhz", 900, "coverage.comparison_below_mhz"),
    ("coverage.spread_shadow_db", 10, "coverage.comparison_shadow_db"),
    ("coverage.spread_sample", 10, "coverage.comparison_sample"),
    ("replan.change_cost", 1, "replan.change_penalty"),
]


@pytest.mark.parametrize(("earlier", "value", "now"), RENAMED, ids=[row[0] for row in RENAMED])
def test_a_renamed_key_is_refused_with_its_name_of_today(earlier, value, now):
    error = faults_of({earlier: value})
    assert [(fault.key, fault.path, fault.values) for fault in error.faults] == [
        ("config_renamed", earlier, {"new": now})
    ]
    assert all(now in error_text(error, lang) for lang in LANGUAGES)
    assert parse_config(project_with({now: value}))


def test_a_calibration_file_with_a_renamed_key_is_refused_with_its_name_of_today():
    data = {"schema": "siteplan-calibration/1", "level": "terrain", "bands": {}}
    with pytest.raises(ConfigError) as caught:
        with_calibration(parse_config(project_with()), data)
    renamed = [fault for fault in caught.value.faults if fault.key == "config_renamed"]
    assert [(fault.path, fault.values["new"]) for fault in renamed] == [("level", "propagation")]


def test_a_calibration_of_bands_and_cover_the_project_does_not_have_is_refused():
    data = {
        "schema": "siteplan-calibration/1",
        "propagation": "terrain",
        "bands": {"low": {"offset_db": 1.0}, "strange": {"offset_db": 1.0}},
        "clutter_db": {"moon": 3.0},
    }
    with pytest.raises(ConfigError) as caught:
        with_calibration(parse_config(project_with()), data)
    assert [(fault.path, fault.key) for fault in caught.value.faults] == [
        ("bands.strange", "not_in_project"),
        ("clutter_db.moon", "not_in_project"),
    ]


# --- the file itself -------------------------------------------------------------------------------------


def test_the_project_of_the_drawn_world_is_valid(two_counties):
    assert load_config(two_counties).project.city == "双县市"
    assert load_config(two_counties / "project.toml") == load_config(two_counties)


def test_a_missing_project_file_is_named(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path / "nowhere")
    assert [fault.key for fault in caught.value.faults] == ["no_project_file"]
    assert all("nowhere" in error_text(caught.value, lang) for lang in LANGUAGES)


def test_a_folder_in_place_of_the_project_file_is_said(tmp_path):
    (tmp_path / "project.toml").mkdir()
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert [fault.key for fault in caught.value.faults] == ["project_file_unreadable"]


@pytest.mark.parametrize("content", [b"[project\n", "城市 = 韶关".encode("gb18030"), b"\xff\xfe\x00"])
def test_a_file_that_is_no_toml_is_said(content, tmp_path):
    (tmp_path / "project.toml").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert [fault.key for fault in caught.value.faults] == ["not_toml"]


def test_notepad_may_write_its_mark_before_the_project_file(two_counties):
    file = two_counties / "project.toml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load_config(two_counties).project.city == "双县市"


def test_a_calibration_file_that_is_not_there_is_said(two_counties):
    write_toml(two_counties, {"coverage.calibration": "calibration.toml"})
    with pytest.raises(ConfigError) as caught:
        load_config(two_counties)
    assert [fault.key for fault in caught.value.faults] == ["calibration_unreadable"]
    assert "calibration.toml" in caught.value.faults[0].file


def test_every_fault_of_a_project_file_is_listed_at_once():
    error = faults_of({"project.city": None, "exclusions.0.buffer_m": -1})
    assert {fault.path for fault in error.faults} == {"project.city", "exclusions.0.buffer_m"}
    assert all(len(error_text(error, lang).splitlines()) == 2 for lang in LANGUAGES)


def test_every_reference_that_does_not_exist_is_listed_at_once():
    error = faults_of({"bands.1.network": "C", "layers.2.area_classes": ["city"], "outputs.maps": ["mayor"]})
    paths = {fault.path for fault in error.faults if fault.key == "not_defined"}
    assert paths == {"bands.high.network", "layers.L3.area_classes", "outputs.maps"}


def test_a_crs_that_does_not_exist_is_told_not_traced():
    error = faults_of({"project.crs": "EPSG:999999"})
    assert [fault.path for fault in error.faults] == ["project.crs"]


def test_a_list_is_not_called_short_when_its_members_are_wrong():
    error = faults_of({"networks.0.name": None, "networks.0.nam": "甲网"})
    assert "networks.0.nam" in {fault.path for fault in error.faults}
    assert "config_too_short" not in {fault.key for fault in error.faults}
    assert "too" not in error_text(error, "en").lower()


# --- language --------------------------------------------------------------------------------------------


def test_an_unknown_language_is_refused_and_the_known_ones_are_named(shared_world):
    with pytest.raises(SiteplanError) as caught:
        siteplan.open_project(shared_world, language="fr")
    assert caught.value.key == "unknown_language"
    for lang in LANGUAGES:
        assert all(word in error_text(caught.value, lang) for word in ("fr", "zh", "en"))


def test_an_unknown_language_of_the_environment_is_refused(shared_world, monkeypatch):
    monkeypatch.setenv("SITEPLAN_LANG", "deutsch")
    with pytest.raises(SiteplanError) as caught:
        siteplan.open_project(shared_world)
    assert (caught.value.key, caught.value.values["value"]) == ("unknown_language", "deutsch")


def test_an_unknown_language_of_the_project_file_is_refused():
    error = faults_of({"project.language": "fr"})
    assert [(fault.key, fault.path) for fault in error.faults] == [
        ("config_literal_error", "project.language")
    ]


@pytest.mark.parametrize(
    ("argument", "environment", "chosen"), [("en", "zh", "en"), (None, "en", "en"), (None, "", "zh")]
)
def test_the_call_goes_before_the_environment_and_this_before_the_project(
    argument, environment, chosen, shared_world, monkeypatch
):
    monkeypatch.setenv("SITEPLAN_LANG", environment)
    assert siteplan.open_project(shared_world, language=argument).language == chosen


def test_errors_of_an_opened_project_print_themselves_in_its_language(two_counties):
    write_toml(two_counties, {"project.year": "next"})
    for lang, word in (("zh", "须为整数"), ("en", "whole number")):
        with pytest.raises(ConfigError) as caught:
            siteplan.open_project(two_counties, language=lang)
        assert word in str(caught.value)
        assert "project.year" in str(caught.value)


def test_examples_of_a_project_file_hold_no_key_that_was_renamed():
    assert not {path.partition(".")[0] for path, *_ in RENAMED} - set(FULL)
    assert "level" not in PROJECT.get("coverage", {})
    files = Path(siteplan.__file__).parents[1].glob("data/examples/*/project.toml")
    assert all(load_config(file).project.city for file in files)
