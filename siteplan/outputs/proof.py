"""What a plan proves, in words: tables of tests, indicators and hints as people read them."""

from __future__ import annotations

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from siteplan.core.grid import lonlat
from siteplan.outputs.wording import exposure_text, joined, text_of
from siteplan.planning.proof import four_tests as tests
from siteplan.planning.proposal import Proposal
from siteplan.project.columns import names_of
from siteplan.project.proof import IndicatorRule
from siteplan.project.schema import Config
from siteplan.words.catalogue import Lang, texts, translate

_UNITS = {"villages": "unit_villages", "places": "unit_places", "people": "unit_people"}
_UNITS |= {"km": "unit_amount_km", "km2": "unit_amount_km2"}
_MANY_KINDS = 6


def service_name(layer_id: str, network_id: str, config: Config) -> str:
    """Name of a layer, and of the network it is asked of [str]."""
    layer = next((each.name for each in config.layers if each.id == layer_id), layer_id)
    network = next((each.name for each in config.networks if each.id == network_id), "")
    return f"{layer} · {network}" if network else layer


def class_name(value: str, lang: Lang) -> str:
    """Class of a road or kind of a place in words, where it is one of OSM's [str]."""
    if value in ("", tests.UNNAMED):
        return translate("line_unclassed", lang)
    base = value.removesuffix("_link")
    known = translate(f"osm_{base}", lang) if f"osm_{base}" in texts(lang) else base
    return known if base == value else translate("osm_link", lang, name=known)


def test_name(key: str, lang: Lang) -> str:
    """Name of a test [str]."""
    return translate(f"test_{key}", lang)


def definition(row: Any, config: Config, lang: Lang) -> str:
    """What a test means, with its thresholds, or why it has no answer [str].

    Parameters
    ----------
    row
        Of the table of tests.
    config, lang
        Thresholds, and the language.
    """
    if isinstance(row.unanswered, tuple):
        return translate("unanswered", lang, why=text_of(row.unanswered, lang))
    rules = config.evidence
    layer = next(each for each in config.layers if each.id == row.layer)
    own = [each for each in rules.village_kinds if each.isascii() == (lang == "en")] or list(
        rules.village_kinds
    )
    kinds = [*own[:_MANY_KINDS], *["…"] * (len(own) > _MANY_KINDS)]
    return translate(
        f"define_{row.test}",
        lang,
        threshold=f"{layer.threshold_dbm:g} dBm",
        target=f"{config.coverage.edge_probability_target:g}",
        rule=translate(f"define_rule_{rules.village_rule}", lang),
        kinds=joined(kinds, lang),
        share=f"{rules.continuous_share:.0%}",
        households=f"{rules.fewest_households:g}",
        required="" if math.isnan(row.required) else f"{row.required:.0%}",
    )


def test_rows(plan: Proposal, lang: Lang) -> pd.DataFrame:
    """The tests as a sheet: the whole area first, then counties and towns.

    Returns
    -------
    DataFrame
        Columns of the registry's table ``tests``; definitions stand beside the rows of the whole area.
    """
    table, config = plan.proof.tests, plan.config
    if table.empty:  # a run of a version that had no tests
        return pd.DataFrame({name: [] for name in names_of("tests")})
    order = {"area": 0, "county": 1, "town": 2}
    table = table.assign(at=table["level"].map(order)).sort_values("at", kind="stable")
    rows = list(table.itertuples())
    answered = [not isinstance(row.unanswered, tuple) for row in rows]
    known = [(row, yes) for row, yes in zip(rows, answered, strict=True)]
    return pd.DataFrame(
        {
            "test": [test_name(row.test, lang) for row in rows],
            "part": [class_name(row.part, lang) if row.part else "" for row in rows],
            "tier_of_rows": [translate(f"level_{row.level}", lang) for row in rows],
            "county": table["county"].to_numpy(),
            "town": table["town"].to_numpy(),
            "service": [service_name(row.layer, row.network, config) if yes else "" for row, yes in known],
            "unit": [translate(_UNITS[row.unit], lang) if yes else "" for row, yes in known],
            "total": _rounded(table, "total"),
            "amount_before": _rounded(table, "before"),
            "amount_after": _rounded(table, "after"),
            "part_before": table["share_before"].to_numpy(),
            "part_after": table["share_after"].to_numpy(),
            "expected_before": _rounded(table, "expected_before"),
            "expected_after": _rounded(table, "expected_after"),
            "required": table["required"].to_numpy(),
            "met": [_met(row, lang) for row in rows],
            "rests_on": [_basis(row, lang) if yes else "" for row, yes in known],
            "definition": [definition(row, config, lang) if row.level == "area" else "" for row in rows],
        }
    )


def _rounded(table: pd.DataFrame, column: str) -> np.ndarray:
    return np.round(table[column].to_numpy(dtype=float), 2)


def _met(row: Any, lang: Lang) -> str:
    """Whether what was asked for is reached with the plan; "" where nothing was asked."""
    if isinstance(row.unanswered, tuple) or math.isnan(row.required) or math.isnan(row.share_after):
        return ""
    return translate("met_yes" if row.share_after >= row.required - 1e-12 else "met_no", lang)


def _basis(row: Any, lang: Lang) -> str:
    """What a row's verdict of today rests on."""
    share = 0.0 if math.isnan(row.measured_share) else row.measured_share
    if share <= 0.0:
        return translate("evidence_predicted", lang)
    return (
        translate("evidence_measured", lang)
        if share >= 1.0
        else translate("evidence_mixed", lang, share=f"{share:.0%}")
    )


def point_rows(plan: Proposal, lang: Lang) -> gpd.GeoDataFrame:
    """Units that were tested by their points, those that fail first [GeoDataFrame]."""
    table = plan.proof.points
    if table.empty:
        return table
    lon, lat = lonlat(str(table.crs), table.geometry.x.to_numpy(), table.geometry.y.to_numpy())
    yes, no = translate("yes", lang), translate("no", lang)
    worded = table.assign(
        test=[test_name(each, lang) for each in table["test"]],
        part=[class_name(each, lang) if each else "" for each in table["part"]],
        covered_before=[yes if each else no for each in table["passed_before"]],
        covered_after=[yes if each else no for each in table["passed_after"]],
        rests_on=[translate(f"evidence_{each}", lang) for each in table["evidence"]],
        longitude=np.round(lon, 6),
        latitude=np.round(lat, 6),
    )
    order = np.lexsort((table["passed_before"].to_numpy(), table["passed_after"].to_numpy()))
    return worded.iloc[order].reset_index(drop=True)


def stretch_rows(plan: Proposal, lang: Lang) -> gpd.GeoDataFrame:
    """Uncovered stretches with their class in words [GeoDataFrame]."""
    table = plan.proof.stretches
    if table.empty:
        return table
    return table.assign(line_class=[class_name(each, lang) for each in table["line_class"]])


def conflict_rows(plan: Proposal, lang: Lang) -> pd.DataFrame:
    """Villages whose verdicts differ, with yes, no and nothing [DataFrame]."""
    table = plan.proof.conflicts
    if table.empty:
        return table
    words = {1.0: translate("yes", lang), 0.0: translate("no", lang)}
    columns = ("predicted", "measured", "reported")
    worded = {name: [words.get(each, "") for each in table[name]] for name in columns}
    return table.rename(columns={"probability": "probability_before"}).assign(**worded)


def hit_rows(plan: Proposal) -> pd.DataFrame:
    """Hit rates with the names of services [DataFrame]."""
    return _with_service(plan.proof.hit_rates, plan.config)


def bought_rows(plan: Proposal, lang: Lang) -> pd.DataFrame:
    """What each weight bought, in words [DataFrame]."""
    table = plan.proof.bought
    if table.empty:
        return table
    named = _with_service(table.assign(network=""), plan.config)
    return named.assign(target=[translate(f"target_{each}", lang) for each in table["target"]])


def _with_service(table: pd.DataFrame, config: Config) -> pd.DataFrame:
    if table.empty:
        return table
    pairs = zip(table["layer"], table["network"], strict=True)
    return table.assign(service=[service_name(layer, network, config) for layer, network in pairs])


def indicator_rows(plan: Proposal, lang: Lang) -> pd.DataFrame:
    """Indicators with what is short and when it is reached [DataFrame]."""
    table = plan.proof.indicators
    if table.empty:
        return table
    rules = {rule.id: rule for rule in plan.config.indicators}
    rows = list(table.itertuples())
    return pd.DataFrame(
        {
            "indicator": [indicator_name(rules[row.indicator], lang) for row in rows],
            "figure": np.round(table["value"].to_numpy(dtype=float), 2),
            "unit": ["%" if row.unit == "%" else translate("indicator_per_10k", lang) for row in rows],
            "least": table["least"].to_numpy(),
            "met": [
                "" if row.met is None else translate("met_yes" if row.met else "met_no", lang) for row in rows
            ],
            "remark": [indicator_remark(row, rules[row.indicator], lang) for row in rows],
            "date": ["" if pd.isna(row.date) else f"{row.date:%Y-%m-%d}" for row in rows],
            "owner": table["owner"].to_numpy(),
            "origin": [translate(f"indicator_from_{row.origin}", lang) if row.origin else "" for row in rows],
        }
    )


def indicator_name(rule: IndicatorRule, lang: Lang) -> str:
    """Name of an indicator [str]."""
    return rule.name if lang == "zh" else rule.name_en or rule.name


def indicator_remark(row: Any, rule: IndicatorRule, lang: Lang) -> str:
    """What is short, by how much, and the month it is reached [str]."""
    if isinstance(row.unanswered, tuple):
        return translate("unanswered", lang, why=text_of(row.unanswered, lang))
    if row.met:
        return translate("indicator_remark_met", lang)
    count = ""
    if row.short_count > 0:
        base = rule.base if lang == "zh" else rule.base_en or rule.base
        count = translate(
            "indicator_remark_count", lang, count=f"{_three_digits(row.short_count):,.0f}", base=base
        )
    unit = translate("indicator_points" if rule.unit == "%" else "indicator_per_10k", lang)
    text = translate("indicator_remark_short", lang, short=f"{row.short_by:.2f} {unit}", count=count)
    if math.isnan(row.per_month):
        return text
    if pd.isna(row.reached_on):
        return text + translate("indicator_remark_never", lang)
    month, pace = f"{row.reached_on:%Y-%m}", f"{row.per_month:+.2f}"
    return text + translate("indicator_remark_pace", lang, pace=pace, month=month)


def _three_digits(value: float) -> float:
    """Rounded to three digits: a share of two decimals tells no more."""
    return round(value, 2 - math.floor(math.log10(value)))


# --- ranked places ---------------------------------------------------------------------------------------


def condition_rows(plan: Proposal, lang: Lang) -> pd.DataFrame:
    """What is known of the building of each ranked place; rows of a plan in words [DataFrame]."""
    proposed, exposure = pd.DataFrame(plan.places.proposed.drop(columns="geometry")), plan.proof.exposure
    if plan.proof.links.empty:
        return pd.DataFrame()
    own = ["rank", "candidate_id", "name", "county", "town", "backhaul", "stays", "acceptance"]
    table = proposed[own].merge(plan.proof.links.drop(columns="rank"), on="candidate_id")
    worded = exposure.assign(exposure=[exposure_text(row, lang) for row in exposure.itertuples()])
    table = table.merge(worded.drop(columns="rank"), on="candidate_id")
    sectors = plan.proof.sectors
    if sectors.empty:  # a run of a version that proposed none
        return table.assign(azimuths="", downtilts="", pattern_share=float("nan"))
    return table.merge(sectors, on="candidate_id", how="left").fillna({"azimuths": "", "downtilts": ""})


def corridor_rows(plan: Proposal, lang: Lang) -> pd.DataFrame:
    """Air routes by height, in words [DataFrame]."""
    table = plan.proof.low_altitude
    if table.empty:
        return table
    remarks = [
        translate("unanswered", lang, why=text_of(each, lang)) if isinstance(each, tuple) else ""
        for each in table["unanswered"]
    ]
    names = {"share_before": "part_before", "share_after": "part_after"}
    return table.rename(columns=names).assign(remark=remarks)


def people_rows(plan: Proposal) -> pd.DataFrame:
    """Residents by source [DataFrame]."""
    return plan.proof.people.rename(columns={"villages": "village_table"})


def people_odds_rows(plan: Proposal, lang: Lang) -> pd.DataFrame:
    """Interval of people in words [DataFrame]."""
    table = plan.proof.odds_people
    if table.empty:
        return table
    return table.assign(when=[translate(f"when_{each}", lang) for each in table["when"]])


# --- a few lines for the terminal -----------------------------------------------------------------------


def test_lines(plan: Proposal, lang: Lang) -> list[str]:
    """The tests of the whole area in the first service, one short text each [list of str]."""
    table = plan.proof.tests
    if table.empty:
        return []
    first = plan.config.layers[0].id
    whole = table[table["level"].eq("area") & table["part"].eq("") & table["layer"].eq(first)]
    lines = []
    for row in whole.drop_duplicates("test").itertuples():
        shares = [f"{each:.1%}" for each in (row.share_before, row.share_after)]
        name = test_name(str(row.test), lang)
        lines.append(translate("tests_line", lang, name=name, before=shares[0], after=shares[1]))
    open_tests = table[table["unanswered"].notna()].drop_duplicates("test")["test"]
    left = [test_name(str(each), lang) for each in open_tests if each not in set(whole["test"])]
    return [*lines, translate("tests_unanswered", lang, names=joined(left, lang))] if left else lines


def indicator_line(plan: Proposal, lang: Lang) -> str:
    """Which indicators are short; "" where none has a figure [str]."""
    table = plan.proof.indicators
    if table.empty or table["met"].isna().all():
        return ""
    rules = {rule.id: rule for rule in plan.config.indicators}
    known = table[table["met"].notna()]
    short = [row for row in known.itertuples() if not row.met]
    if not short:
        return translate("indicators_met", lang, count=len(known))
    names = [
        f"{indicator_name(rules[row.indicator], lang)} ({indicator_remark(row, rules[row.indicator], lang)})"
        for row in short
    ]
    return translate("indicators_short", lang, count=len(short), names=joined(names, lang))


def odds_line(plan: Proposal, lang: Lang) -> str:
    """What the draws came to; "" without draws [str]."""
    places, people = plan.proof.odds_places, plan.proof.odds_people
    if places.empty:
        return ""
    after = people[people["when"].eq("after")].iloc[0]
    rules = plan.config.odds
    return translate(
        "odds_line",
        lang,
        draws=rules.draws,
        luck=int(places["by_luck"].sum()),
        share=f"{rules.by_luck:.0%}",
        low=f"{after['low']:,.0f}",
        high=f"{after['high']:,.0f}",
    )
