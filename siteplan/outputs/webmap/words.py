"""The page's own words, Chinese first with an English twin.

One decision to know: words that other outputs use too (source_types, statuses, the data warning) stay in
:mod:`siteplan.words.catalogue`; here stands only what the page alone says.
"""

from __future__ import annotations

from siteplan.project.statuses import MOVED, SiteStatus
from siteplan.words.catalogue import Lang, say

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
    "propagation_empirical": ("平地传播缓冲区", "flat-terrain buffers"),
    "propagation_terrain": ("地形绕射 P.1812 Bullington", "terrain diffraction, P.1812 Bullington"),
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
    "gap": ("规划前的覆盖空洞", "gap before the plan"),
    "property": ("已开放公共物业", "opened public property"),
    "below": ("＜{high}", "< {high}"),
    "between": ("{low}–{high}", "{low}–{high}"),
    "above": ("≥{low}", "≥ {low}"),
    "layer_zones": ("管控区", "zones with a rule"),
    "zone_forbid": ("禁止", "forbidden"),
    "zone_restrict": ("限制", "restricted"),
    "zone_notify": ("告知", "to be notified"),
    "layer_base": ("道路、界线与地名", "roads, boundaries and names"),
    "footprint": ("本站单独可达标的范围", "what this place alone would cover"),
    # --- controls
    "layers": ("图层与图例", "Layers and legend"),
    "panel": ("方案", "Plan"),
    "ranked": ("建议站址排名", "Ranked sites"),
    "search": ("查找编号、名称、乡镇、拼音首字母", "Find id, name, town or pinyin initials"),
    "found": ("找到 {n} 个结果", "{n} found"),
    "found_first": ("找到 {n} 个结果，显示前 {shown} 个", "{n} found, first {shown} shown"),
    "more": ("再显示 {n} 个", "{n} more"),
    "whole": ("全图", "Whole area"),
    "build_first": (
        "先建前 {n} / {total} 个站址（{stations} 站）",
        "Build the first {n} of {total} sites ({stations} stations)",
    ),
    "build_label": ("先建前几个", "how many are built"),
    "people_at": ("居民覆盖 {n}（{share}）", "residents covered {n} ({share})"),
    "villages_at": ("通5G行政村 {n} / {total}", "villages with 5G {n} / {total}"),
    "bound_at": ("已得可证明上界的 {share}", "{share} of the proven upper bound"),
    "not_yet": ("本步尚未建", "not yet built at this step"),
    "by_county": ("各县（市、区）", "By county"),
    "county": ("县区", "County"),
    "county_quota": ("已建/指标", "built/quota"),
    "county_new": ("本步建", "to build"),
    "county_people": ("居民覆盖", "residents"),
    "county_villages": ("通5G村", "villages"),
    "filters": ("筛选", "Filter"),
    "filter_all": ("全部", "all"),
    "filter_town": ("乡镇", "Town"),
    "filter_rung": ("来源", "SourceType"),
    "filter_network": ("网络", "Network"),
    "filter_band": ("频段", "Band"),
    "filter_status": ("状态", "Status"),
    "filter_uncertain": ("只看定位存疑的点", "only places with an uncertain location"),
    "filter_clear": ("清除筛选", "Clear"),
    "filter_count": ("符合条件 {n} / {total}", "{n} of {total} shown"),
    "swipe": ("左右对比：现状 ｜ 规划后", "Swipe: today | planned"),
    "swipe_left": ("现状", "today"),
    "swipe_right": ("规划后", "planned"),
    "measure": (
        "量距：点击地图加点，双击或 Esc 结束",
        "Measure: click to add points, double-click or Esc to end",
    ),
    "copy": ("复制", "Copy"),
    "copied": ("已复制", "Copied"),
    "dms": ("度分秒", "Degrees, minutes, seconds"),
    "navigate": ("高德导航（联网）", "Navigate in Amap (online)"),
    "share_view": ("复制本视图（网址 # 后的文字）", "Copy this view (what follows # in the address)"),
    "coverage_shown": ("图上覆盖：{which}", "Coverage shown: {which}"),
    "print": ("打印 A3", "Print A3"),
    "online": ("在线底图（联网，默认关闭）", "Online base map (needs network, off by default)"),
    "online_off": ("不用", "none"),
    "basemap": ("底图", "Base map"),
    "edition": ("{name} · 运行 {run} · siteplan {version}", "{name} · run {run} · siteplan {version}"),
    "snapped": ("坐标已取整到 {n} 米方格中心", "coordinates are moved to the middle of {n} m squares"),
    "north": ("北", "N"),
    "choices": ("可解决的候选点", "Places that would help"),
    "choice_none": (
        "没有单独一个候选点能使该村达标",
        "no single candidate brings this village to the target",
    ),
    "serving_before": ("现服务站", "Served by today"),
    "serving_after": ("规划后服务站", "Served by when planned"),
    "reached_at": ("新通于第 {n} 名建成时", "served once rank {n} is built"),
    "village_doubt": (
        "低频阴影区，两模型相差 {n} dB",
        "deep shadow at low band: two models differ by {n} dB",
    ),
    "location": ("定位", "Location"),
    "located": (
        "按地址定位，等级 {grade}，误差约 {radius} 米",
        "found by address, grade {grade}, about {radius} m",
    ),
    "sectors": ("方位角", "Azimuths"),
    "zone_kind": ("类别", "Kind"),
    "zone_level": ("规则", "Rule"),
    "zone_basis": ("依据", "Legal basis"),
    "here": ("此处坐标", "Coordinates here"),
    # --- two plans
    "diff_title": ("方案对比：{before} → {after}", "Two plans: {before} → {after}"),
    "diff_edition": ("方案对比", "comparison"),
    "diff_changes": ("站址变化", "changes"),
    "diff_change": ("变化", "Change"),
    "diff_kept": ("保留", "kept"),
    "diff_moved": ("改址", "moved"),
    "diff_dropped": ("去掉", "dropped"),
    "diff_new": ("新增", "new"),
    "diff_said_kept": (
        "保留：排名 {before} → {after}，基站 {stations_before} → {stations_after}",
        "kept: rank {before} → {after}, stations {stations_before} → {stations_after}",
    ),
    "diff_said_moved": (
        "改址：由 {old}（排名 {before}）移 {distance} 米到 {new}（排名 {after}）",
        "moved: from {old} (rank {before}) {distance} m to {new} (rank {after})",
    ),
    "diff_said_dropped": (
        "去掉：原排名 {before}，基站 {stations_before}",
        "dropped: was rank {before}, {stations_before} stations",
    ),
    "diff_said_new": (
        "新增：排名 {after}，基站 {stations_after}",
        "new: rank {after}, {stations_after} stations",
    ),
    "diff_before": ("原方案", "old plan"),
    "diff_after": ("新方案", "new plan"),
    "diff_swipe": ("左右对比：原方案 ｜ 新方案", "Swipe: old plan | new plan"),
    "diff_covered": ("两方案都通", "served by both"),
    "diff_newly": ("新方案新通", "served by the new plan only"),
    "diff_lost": ("新方案不再通", "served by the old plan only"),
    "diff_uncovered": ("两方案都未通", "served by neither"),
    "diff_run": ("{name}：运行 {run}，{year} 年", "{name}: run {run}, year {year}"),
    # --- returns
    "returns": ("回执（谈点结果）", "Returns"),
    "mark": ("登记状态", "Take down a status"),
    "mark_reason": (
        "原因（拒绝、不可建、撤销、退回前一步时必填）",
        "Reason (needed for a refusal or a step back)",
    ),
    "mark_note": ("备注", "Note"),
    "mark_save": ("保存", "Save"),
    "mark_undo": ("撤销最后一条", "Undo the last one"),
    "mark_move": ("改址：在图上拖动", "Move: drag on the map"),
    "move_save": ("确认改址", "Keep this place"),
    "move_cancel": ("取消", "Cancel"),
    "move_hint": ("拖动标记，不得超出搜索圈", "Drag the marker; it stays inside the search ring"),
    "moved_by": ("偏移 {n} 米", "{n} m away"),
    "need_reason": ("请填写原因", "Give a reason"),
    "reported_by": ("填报人", "Reported by"),
    "need_reporter": ("请先填写填报人", "Say first who reports"),
    "returns_count": ("已登记 {n} 条", "{n} taken down"),
    "export_json": ("导出 JSON", "Export JSON"),
    "export_csv": ("导出 CSV", "Export CSV"),
    "import": ("导入回执", "Import"),
    "imported": (
        "导入 {n} 条；{same} 条已有；{strange} 条编号不在本图：{ids}",
        "{n} read; {same} known already; {strange} with unknown ids: {ids}",
    ),
    "import_bad": ("{file}：{why}", "{file}: {why}"),
    "bad_schema": ("不是 {schema} 格式的回执", "not a return form of {schema}"),
    "bad_row": ("第 {row} 行：{column}“{value}”不对", "row {row}: {column} cannot be {value}"),
    "other_run": ("注意：{n} 条来自另一次运行 {run}", "note: {n} are of another run {run}"),
    "not_kept": (
        "浏览器不允许本页保存，关闭前请先导出",
        "the browser keeps nothing for this page: export before you close it",
    ),
    "last_status": ("最新状态", "Latest status"),
    # --- popups
    "reason": ("理由", "Why"),
    "rank": ("排名", "Rank"),
    "id": ("编号", "Id"),
    "source_type": ("来源", "SourceType"),
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
    statuses = ("CANDIDATE", "EXCLUDED", MOVED, *SiteStatus)
    return words | {f"status_{each}": say(f"status_{each}", lang) for each in statuses}
