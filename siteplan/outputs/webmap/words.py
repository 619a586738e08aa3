"""The page's own words, Chinese first with an English twin.

One decision to know: words that other outputs use too (rungs, statuses, the data warning) stay in
:mod:`siteplan.texts`; here stands only what the page alone says.
"""

from __future__ import annotations

from siteplan.texts import Lang, say

_WORDS: dict[str, tuple[str, str]] = {
    "title": ("{city} {year} 年 5G 基站选址建议", "{city}: 5G sites proposed for {year}"),
    "noscript": ("请用浏览器打开本文件。", "Open this file in a web browser."),
    # --- numbers
    "selected": ("选中 / 剩余", "selected / left"),
    "built_quota": ("已建 / 指标", "built / quota"),
    "selected_sites": ("选中站址", "sites selected"),
    "people_covered": ("居民覆盖", "residents covered"),
    "villages_covered": ("通5G行政村", "villages with 5G"),
    "of_total": ("共 {total}", "of {total}"),
    "quota_note": ("指标说明", "quota"),
    "missing": ("缺少的输入：", "not given: "),
    "model": ("传播模型", "propagation"),
    "level_buffer": ("平地传播缓冲区", "flat-terrain buffers"),
    "level_terrain": ("地形绕射 P.1812 Bullington", "terrain diffraction, P.1812 Bullington"),
    "threshold": (
        "覆盖口径：{layer}，RSRP ≥ {threshold:g} dBm 的概率 ≥ {target:.0%}",
        "covered: {layer}, P(RSRP ≥ {threshold:g} dBm) ≥ {target:.0%}",
    ),
    "clutter": ("地物", "clutter"),
    "clutter_profile": ("高度计入剖面", "heights in the profile"),
    "clutter_end_loss": ("末端损耗", "loss at the phone's end"),
    "clutter_none": ("不计", "none"),
    "uncalibrated": ("模型未经本地路测校准", "the model is not calibrated by local measurements"),
    "calibrated": ("模型已校准", "the model is calibrated"),
    "date": ("现网截至 {date}", "network on air at {date}"),
    "sources": ("数据来源：{text}", "Sources: {text}"),
    "none": ("不限", "none"),
    # --- layers
    "layer_proposed": ("建议站址", "proposed sites"),
    "layer_villages": ("行政村", "villages"),
    "layer_sites": ("现网站址", "existing sites"),
    "layer_properties": ("公共物业", "public properties"),
    "layer_gaps": ("规划前覆盖空洞", "coverage gaps before the plan"),
    "layer_gaps_largest": ("规划前最大的覆盖空洞", "largest coverage gaps before the plan"),
    "layer_others": ("其他候选与不可用点", "other and refused candidates"),
    "layer_counties": ("县界", "county boundaries"),
    "layer_relief": ("地形晕渲", "relief"),
    "coverage": ("覆盖概率", "probability of coverage"),
    "coverage_before": ("现状", "today"),
    "coverage_after": ("规划后", "planned"),
    "coverage_off": ("不显示", "hidden"),
    "coverage_terrain": ("地形遮挡", "taken by terrain"),
    "terrain_both": ("现状达标，计入地形", "covered today, terrain seen"),
    "terrain_taken": ("仅平地缓冲区达标，被地形遮挡", "covered by flat buffers only: terrain takes it away"),
    "state_covered": ("已通", "covered today"),
    "state_newly": ("本方案新通", "newly covered"),
    "state_uncovered": ("仍未通", "still not covered"),
    "shared": ("多网共址", "several networks"),
    "other_network": ("其他", "other"),
    "gap": ("规划前的覆盖空洞", "gap before the plan"),
    "property": ("已开放公共物业", "opened public property"),
    "below": ("＜{high}", "< {high}"),
    "between": ("{low}–{high}", "{low}–{high}"),
    "above": ("≥{low}", "≥ {low}"),
    # --- controls
    "layers": ("图层与图例", "Layers and legend"),
    "panel": ("方案", "Plan"),
    "ranked": ("建议站址排名", "Ranked sites"),
    "search": ("查找编号、名称、乡镇、村", "Find id, name, town, village"),
    "found": ("找到 {n} 个结果", "{n} found"),
    "found_first": ("找到 {n} 个结果，显示前 {shown} 个", "{n} found, first {shown} shown"),
    "close": ("关闭", "Close"),
    "whole": ("全图", "Whole area"),
    # --- popups
    "reason": ("理由", "Why"),
    "rank": ("排名", "Rank"),
    "id": ("编号", "Id"),
    "rung": ("来源", "Rung"),
    "network_bands": ("网络 / 频段", "Networks / bands"),
    "stations": ("基站数", "Stations"),
    "height": ("挂高", "Antenna height"),
    "ground": ("地面高程", "Ground"),
    "wgs84": ("经纬度 WGS84", "WGS84 lon, lat"),
    "gcj02": ("经纬度 GCJ-02", "GCJ-02 lon, lat"),
    "gain": ("新增加权覆盖", "Newly covered weight"),
    "people_new": ("新增覆盖居民", "People newly covered"),
    "villages_new": ("新通村", "Villages newly served"),
    "buffer": ("传播缓冲区半径", "Buffer radius"),
    "due": ("要求完成日期", "Wanted by"),
    "radius": ("搜索半径", "Search radius"),
    "alternates": ("备选点", "Alternates"),
    "restriction": ("管控提示", "Restrictions"),
    "cost": ("造价", "Cost"),
    "power": ("电源距离", "Power"),
    "backhaul": ("传输距离", "Backhaul"),
    "success": ("成功概率", "Chance of success"),
    "status": ("状态", "Status"),
    "rule": ("不可用原因", "Rule that refuses it"),
    "place": ("位置", "Place"),
    "town": ("乡镇", "Town"),
    "people": ("居民", "People"),
    "share_before": ("规划前覆盖居民", "Residents covered before"),
    "share_after": ("规划后覆盖居民", "Residents covered after"),
    "networks_before": ("规划前网络", "Networks before"),
    "networks_after": ("规划后网络", "Networks after"),
    "kind": ("类型", "Kind"),
    "owner": ("权属单位", "Owner"),
    "address": ("地址", "Address"),
    "building": ("建筑高度", "Building height"),
    "area": ("面积", "Area"),
    "layer": ("覆盖层", "Layer"),
    "network": ("网络", "Network"),
    "unit_people": ("{n} 人", "{n} people"),
    "unit_m": ("{n} 米", "{n} m"),
    "unit_km2": ("{n} 平方公里", "{n} km²"),
    "unit_stations": ("{n} 站", "{n} stn"),
    "unit_villages": ("{n} 村", "{n} vil."),
}


def word(key: str, lang: Lang, /, **values: object) -> str:
    """One of the page's words.

    Parameters
    ----------
    key
        Entry of the list.
    lang
        ``"zh"`` or ``"en"``.
    **values
        What the braces take.

    Returns
    -------
    str
        The filled text.

    Examples
    --------
    >>> word("of_total", "en", total=12)
    'of 12'
    """
    text = _WORDS[key][0 if lang == "zh" else 1]
    return text.format(**values) if values else text


def page_words(lang: Lang) -> dict[str, str]:
    """All words the scripts use, unfilled [dict]."""
    words = {key: word(key, lang) for key in _WORDS}
    statuses = ("PROPOSED", "CANDIDATE", "EXCLUDED")
    return words | {f"status_{each}": say(f"status_{each}", lang) for each in statuses}
