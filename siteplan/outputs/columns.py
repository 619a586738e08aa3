"""How the columns of the workbook look and what they mean: width, number format, order, words.

A column looks the same on every sheet, so the look is keyed by column name; names
that are not listed are plain text of middling width.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["text", "wrap", "id", "count", "decimal", "share", "degrees", "general"]
"""What a cell holds: decides number format and alignment."""


class Look(NamedTuple):
    """Width [characters] and kind of a column."""

    width: float
    kind: Kind


PLAIN = Look(12, "text")
LOOKS: dict[str, Look] = {
    "rank": Look(6, "count"),
    "candidate_id": Look(18, "id"),
    "name": Look(26, "wrap"),
    "county": Look(16, "text"),
    "town": Look(12, "wrap"),
    "village": Look(24, "wrap"),
    "source_type": Look(19, "text"),
    "source_id": Look(19, "text"),
    "networks": Look(20, "wrap"),
    "network": Look(13, "text"),
    "tier": Look(10, "text"),
    "model_difference_db": Look(11, "decimal"),
    "bands": Look(12, "wrap"),
    "band": Look(13, "text"),
    "stations": Look(8, "count"),
    "antenna_height_m": Look(8, "general"),
    "ground_m": Look(9, "count"),
    "longitude": Look(12, "degrees"),
    "latitude": Look(11, "degrees"),
    "longitude_gcj02": Look(12, "degrees"),
    "latitude_gcj02": Look(11, "degrees"),
    "gain": Look(11, "decimal"),
    "gain_per_station": Look(11, "decimal"),
    "loss_if_dropped": Look(11, "decimal"),
    "gain_by_layer": Look(34, "wrap"),
    "people_newly_covered": Look(10, "count"),
    "people_networks_newly_covered": Look(11, "count"),
    "villages_newly_covered": Look(8, "count"),
    "villages_newly_covered_names": Look(30, "wrap"),
    "search_radius_m": Look(10, "count"),
    "due_date": Look(12, "id"),
    "alternates": Look(40, "text"),
    "restriction": Look(30, "wrap"),
    "cost": Look(10, "count"),
    "power_distance_m": Look(10, "count"),
    "backhaul_distance_m": Look(10, "count"),
    "success_probability": Look(9, "share"),
    "status": Look(9, "id"),
    "reason": Look(76, "wrap"),
    "rule": Look(76, "wrap"),
    "people": Look(10, "count"),
    "state": Look(9, "id"),
    "probability_before": Look(11, "share"),
    "probability_after": Look(11, "share"),
    "share_before": Look(11, "share"),
    "share_after": Look(11, "share"),
    "covered_before": Look(9, "id"),
    "covered_after": Look(9, "id"),
    "networks_before": Look(10, "count"),
    "networks_after": Look(10, "count"),
    "village_id": Look(16, "id"),
    "layer": Look(9, "id"),
    "formula": Look(26, "text"),
    "area_class": Look(14, "text"),
    "radius_m": Look(12, "count"),
    "sigma_db": Look(12, "general"),
    "file": Look(24, "wrap"),
    "sheet": Look(14, "wrap"),
    "row": Look(8, "count"),
    "column": Look(16, "wrap"),
    "problem": Look(20, "wrap"),
    "remedy": Look(60, "wrap"),
    "content": Look(60, "wrap"),
}
LOOKS |= {
    name: Look(10, "count")
    for name in ("changed", "kept", "people_covered", "quota", "built", "remaining", "excess", "selected")
}
LOOKS |= {
    f"{what}_{when}": Look(13, "count")
    for what in ("population_covered", "population_expected", "villages_covered", "people")
    for when in ("before", "after")
}
LOOKS["change_penalty"] = Look(10, "general")
LOOKS |= {name: Look(13, "count") for name in ("population_total", "villages_total")}
LOOKS |= {
    name: Look(15, "decimal") for name in ("weight_total", "base_value", "cumulative_gain", "upper_bound")
}

LOOKS |= {f"area_km2_{when}": Look(13, "decimal") for when in ("before", "after")}
LOOKS |= {f"{name}_db": Look(11, "decimal") for name in ("diffraction", "p1812", "itm", "difference")}
LOOKS |= {
    f"{what}_{how}": Look(13, "decimal" if what == "area_km2" else "count")
    for what in ("population", "villages", "area_km2")
    for how in ("empirical", "terrain", "taken_away")
}

PRINTED = (
    "rank",
    "candidate_id",
    "name",
    "county",
    "town",
    "village",
    "source_type",
    "networks",
    "bands",
    "stations",
    "antenna_height_m",
    "gain",
    "people_newly_covered",
    "people_networks_newly_covered",
    "villages_newly_covered",
    "search_radius_m",
    "longitude",
    "latitude",
    "reason",
)
"""Columns of the first sheet that go on paper, in this order; the others follow on the screen."""

REJECTED_COLUMNS: dict[str, str] = {
    "table": "数据表",
    "file": "文件",
    "sheet": "工作表",
    "row": "行号",
    "column": "列",
    "problem": "问题代码",
    "remedy": "问题与处理办法",
    "content": "原始内容",
}

STATES: dict[str, tuple[str, str]] = {
    "covered": ("已通", "covered"),
    "newly": ("新通", "newly"),
    "uncovered": ("未通", "uncovered"),
}
"""Village states for people."""

MEANINGS: dict[str, str] = {
    "rank": "建设先后；取前任意 k 个都是好方案",
    "candidate_id": "地点的固定编号（县代码-年度-序号），不重复使用",
    "name": "地点名称",
    "county": "所在县（市、区）",
    "town": "所在乡镇（街道）",
    "village": "所在行政村（社区）",
    "source_type": "候选来源，①存量改造优先，依次到⑤新建落地站",
    "source_id": "在来源表中的编号",
    "networks": "拟建设的共享网络",
    "bands": "拟建设的频段",
    "stations": "占用指标的基站数，口径与指标一致",
    "antenna_height_m": "天线距地面的高度",
    "ground_m": "需求栅格内的平均地面高程",
    "longitude": "经度，WGS84/CGCS2000",
    "latitude": "纬度，WGS84/CGCS2000",
    "longitude_gcj02": "经度，国内手机地图用（GCJ-02）",
    "latitude_gcj02": "纬度，国内手机地图用（GCJ-02）",
    "gain": "按此排名建设时新增的覆盖权重",
    "gain_per_station": "每个基站的新增覆盖权重，排名按此由高到低",
    "loss_if_dropped": "其余全部建成而此处不建时少覆盖的权重",
    "gain_by_layer": "各业务层新增的覆盖权重",
    "people_newly_covered": "覆盖概率达到目标的新增居民（第一业务层）",
    "people_networks_newly_covered": "单网覆盖概率达到目标的新增人次（人数×网络数）",
    "villages_newly_covered": "新增由任一网络覆盖的村点数",
    "villages_newly_covered_names": "新通村的名称",
    "cell_radius_m": "本次新增频段中最大的传播缓冲区半径",
    "location_grade": "没有坐标、按地址定位的等级：A 建筑、B 村、C 镇；有坐标的为空",
    "location_radius_m": "按地址定位的误差半径；选址时以此为搜索圈",
    "radius_limited": "1 表示在计算半径边缘仍达标，实际覆盖可能更远",
    "search_radius_m": "选址可在此范围内移动而无需重新规划",
    "due_date": "需求单要求完成的日期",
    "alternates": "搜索范围内其他可用候选，由近到远",
    "restriction": "需报批或告知的管控区",
    "cost": "输入表给出的造价",
    "power_distance_m": "输入表给出的引电距离",
    "backhaul_distance_m": "输入表给出的传输距离",
    "success_probability": "输入表给出的谈成概率，已计入新增覆盖",
    "status": "候选状态",
    "reason": "为什么选这里",
}
"""Chinese meaning of the columns of a ranked row."""

FACTS: dict[str, str] = {
    "city": "城市",
    "county": "县（市、区），空为全市",
    "year": "指标年度",
    "reference_date": "基准日期",
    "quota": "年度指标",
    "quota_unit": "指标计数单位",
    "built": "已建",
    "remaining": "剩余",
    "excess": "超建",
    "selected_stations": "建议基站数",
    "selected_sites": "建议站址数",
    "objective": "新增覆盖权重",
    "base_value": "现状已覆盖权重",
    "upper_bound": "新增覆盖权重的理论上界",
    "optimality_gap": "与上界的差距",
    "selection_status": "求解状态",
    "bound_source": "上界由什么证明：价格，或分县分支定界",
    "certificate_bound": "价格证书复核得到的上界",
    "certificate_holds": "证书复核是否通过",
    "edge_probability_target": "达标的覆盖概率",
    "demand_resolution_m": "需求栅格（米）",
    "population_total": "常住人口",
    "population_covered_before": "现状覆盖人口",
    "population_covered_after": "规划后覆盖人口",
    "population_expected_before": "现状期望覆盖人口",
    "population_expected_after": "规划后期望覆盖人口",
    "villages_total": "行政村（社区）总数",
    "villages_covered_before": "现状通5G村",
    "villages_covered_after": "规划后通5G村",
    "existing_sites": "现网站址数",
    "gaps": "覆盖缺口数",
    "halo_m": "界外影响范围（米）",
    "synthetic": "合成数据说明",
    "attribution": "数据来源",
    "config_sha256": "项目文件校验值",
    "version": "软件版本",
}
"""Chinese names of the plain facts of run.json."""

FACT_KINDS: dict[str, Kind] = {
    "year": "general",
    "demand_resolution_m": "general",
    "optimality_gap": "share",
    "edge_probability_target": "share",
    "objective": "decimal",
    "base_value": "decimal",
    "upper_bound": "decimal",
}
"""Facts whose numbers are not plain counts."""
