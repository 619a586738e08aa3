"""The data dictionary: one pandera schema per table, with headers people use for each column.

One decision to know: the schema is the only list of columns. The door reads aliases and kinds from
it, the templates and the workbook's dictionary sheet are printed from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa

from siteplan.project.statuses import CandidateState, SourceType


@dataclass(frozen=True)
class ColumnSpec:
    """One column of an input table, as the door needs it."""

    name: str
    kind: str
    required: bool
    nullable: bool
    unique: bool
    aliases: tuple[str, ...]
    description: str
    checks: tuple[Any, ...]


def _column(
    kind: str,
    description: str,
    *aliases: str,
    required: bool = False,
    unique: bool = False,
    checks: tuple[Any, ...] = (),
) -> pa.Column:
    dtype = "float64" if kind == "number" else None  # text may be str or object: pandas decides
    return pa.Column(
        dtype,
        list(checks),
        nullable=not required,
        unique=unique,
        required=required,
        description=description,
        metadata={"kind": kind, "aliases": aliases},
    )


_LONGITUDE = _column(
    "number",
    "longitude [deg]",
    "经度",
    "lon",
    "lng",
    "longitude",
    "站址经度",
    "东经",
    "long",
    "经",
    "x坐标",
    "东坐标",
    "横坐标",
    "easting",
    "x",
    "lon_wgs84",
    "wgs84经度",
    "dl_geogr",
    "długość",
    checks=(pa.Check.in_range(-180, 180),),
)


_LATITUDE = _column(
    "number",
    "latitude [deg]",
    "纬度",
    "lat",
    "latitude",
    "站址纬度",
    "北纬",
    "纬",
    "y坐标",
    "北坐标",
    "纵坐标",
    "northing",
    "y",
    "lat_wgs84",
    "wgs84纬度",
    "szer_geogr",
    "szerokość",
    checks=(pa.Check.in_range(-90, 90),),
)


_COUNTY = _column(
    "text",
    "county name or code",
    "县区",
    "区县",
    "县（市、区）",
    "县(市、区)",
    "所属区县",
    "区/县",
    "区/市/县/旗",
    "县市区",
    "区县名称",
    "县区名称",
    "所在区县",
    "所属县区",
    "行政区",
    "区",
    "县",
    "county",
    "county_name",
    "commune",
    "municipality",
    "district",
)


_TOWN = _column(
    "text",
    "town",
    "镇街",
    "乡镇",
    "镇",
    "乡/镇/街道",
    "乡镇街道",
    "乡镇名称",
    "所属乡镇",
    "所在乡镇",
    "镇（街）",
    "街道",
    "town",
    "township",
)


_ADDRESS = _column(
    "text",
    "address; places without coordinates are located by it",
    "地址",
    "基站地址",
    "详细地址",
    "所在地址",
    "站址地址",
    "安装地址",
    "具体地址",
    "地理位置",
    "详细位置",
    "address",
)


_HEIGHT = _column(
    "number",
    "antenna height above ground [m]",
    "挂高",
    "天线挂高",
    "挂高(米)",
    "挂高（米）",
    "天线挂高(米)",
    "antenna_height",
    "height",
    "铁塔高度(米)",
    checks=(pa.Check.in_range(3, 300),),
)


_COST = _column("number", "cost, any one currency", "造价", "费用", "cost", checks=(pa.Check.ge(0),))


_POWER = _column(
    "number",
    "distance to power [m]",
    "电源距离",
    "引电距离",
    "power_distance",
    checks=(pa.Check.ge(0),),
)


_BACKHAUL = _column(
    "number",
    "distance to fibre [m]",
    "光缆距离",
    "传输距离",
    "backhaul_distance",
    checks=(pa.Check.ge(0),),
)


_SUCCESS = _column(
    "number",
    "probability that the place can be had, 0-1",
    "成功概率",
    "success_probability",
    checks=(pa.Check.in_range(0, 1),),
)


_OPTIONAL = {
    "cost": _COST,
    "power_distance_m": _POWER,
    "backhaul_distance_m": _BACKHAUL,
    "success_probability": _SUCCESS,
}


def _id(description: str, *aliases: str) -> pa.Column:
    return _column("text", description, *aliases, required=True, unique=True)


COUNTIES = pa.DataFrameSchema(
    {
        "county_id": _id("county code", "县代码", "adcode", "gb", "code", "id", "代码"),
        "county": _column("text", "county name", "县名", "name", "名称", required=True),
    },
    name="counties",
)


VILLAGES = pa.DataFrameSchema(
    {
        "village_id": _id("village code", "村代码", "行政村代码", "统计用区划代码", "code", "id"),
        "village": _column(
            "text", "village name", "村名", "行政村", "村（社区）", "名称", "name", required=True
        ),
        "town": _TOWN,
        "county": _COUNTY,
        "population": _column(
            "number",
            "residents, used when there is no population raster",
            "人口",
            "常住人口",
            "户籍人口",
            "pop",
            checks=(pa.Check.ge(0),),
        ),
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
    },
    name="villages",
)


STATIONS = pa.DataFrameSchema(
    {
        "station_id": _id(
            "station id", "基站编号", "基站编码", "基站ID", "RRU标识", "AAU标识", "基站标识", "id"
        ),
        "site_id": _column(
            "text", "site id; the station id when absent", "站址编码", "站址编号", "所属站址编码", "site"
        ),
        "site_name": _column("text", "site name", "站址名称", "铁塔站址名称", "name"),
        "network": _column("text", "network", "网络", "共享网络", "operator", "运营商", required=True),
        "band": _column("text", "band", "频段", "制式频段", required=True),
        "antenna_height_m": _HEIGHT,
        "azimuth_deg": _column(
            "angles",
            "azimuths of the sectors, such as 0/120/240 [deg]; empty for omnidirectional",
            "方位角",
            "天线方位角",
            "方向角",
            "azimuth",
            "azimuths",
        ),
        "downtilt_deg": _column(
            "angles",
            "downtilt of the sectors, mechanical and electrical together [deg]",
            "下倾角",
            "总下倾角",
            "天线下倾角",
            "downtilt",
            "tilt",
        ),
        "mechanical_downtilt_deg": _column(
            "angles",
            "mechanical downtilt [deg]",
            "机械下倾角",
            "机械下倾",
            "mechanical_tilt",
        ),
        "electrical_downtilt_deg": _column(
            "angles",
            "electrical downtilt [deg]",
            "电子下倾角",
            "电下倾角",
            "电子下倾",
            "electrical_tilt",
        ),
        "eirp_per_re_dbm": _column(
            "number",
            "EIRP of the reference signal per resource element [dBm]",
            "每RE的EIRP",
            "eirp_per_re",
            checks=(pa.Check.in_range(-30, 80),),
        ),
        "rs_power_dbm": _column(
            "number",
            "power of the reference signal per resource element, without antenna gain [dBm]",
            "参考信号功率",
            "RS功率",
            "SSB功率",
            "rs_power",
            checks=(pa.Check.in_range(-40, 50),),
        ),
        "pci": _column("text", "physical cell id; several as 1/2/3", "PCI", "物理小区标识"),
        "on_air_date": _column(
            "date", "date on air", "开通日期", "入网日期", "启用日期", "开通时间", "入网时间", "on_air"
        ),
        "county": _COUNTY,
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
    },
    name="stations",
)


SITE_PLAN = pa.DataFrameSchema(
    {
        "plan_id": _id("site-plan id", "规划编号", "规划站址编号", "序号", "id"),
        "plan_name": _column("text", "site name", "站址名称", "规划站名", "名称", "name"),
        "year": _column("number", "planned year", "规划年份", "建设年份", "年份", "planned_year"),
        "built": _column("flag", "already built", "是否建成", "建设状态", "是否已建", "状态"),
        "networks": _column("text", "networks asked for", "网络", "需求网络", "network"),
        "antenna_height_m": _HEIGHT,
        "county": _COUNTY,
        "town": _TOWN,
        "address": _ADDRESS,
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
        **_OPTIONAL,
    },
    name="site_plan",
)


PROPERTIES = pa.DataFrameSchema(
    {
        "property_id": _id("property id", "物业编号", "编号", "序号", "id", "站址编码"),
        "property_name": _column("text", "property name", "物业名称", "建筑名称", "名称", "站址名称", "name"),
        "kind": _column("text", "kind of property", "物业类型", "类型", "性质", "amenity"),
        "owner": _column("text", "owner", "物业所属单位", "权属单位", "产权单位", "operator"),
        "address": _ADDRESS,
        "building_height_m": _column(
            "number",
            "height of the building [m]",
            "建筑高度",
            "楼高",
            "建筑高度(米)",
            "建筑高度（米）",
            "楼高(米)",
            "height",
            checks=(pa.Check.in_range(0, 600),),
        ),
        "county": _COUNTY,
        "town": _TOWN,
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
        **_OPTIONAL,
    },
    name="properties",
)


POLES = pa.DataFrameSchema(
    {
        "pole_id": _id(
            "pole or tower id",
            "杆塔编号",
            "站址编码",
            "站址编号",
            "铁塔编码",
            "铁塔编号",
            "编号",
            "站址id",
            "序号",
            "id",
        ),
        "pole_name": _column(
            "text", "name", "杆塔名称", "站址名称", "铁塔站址名称", "铁塔名称", "名称", "name"
        ),
        "kind": _column("text", "kind", "杆塔类型", "铁塔种类", "铁塔类型", "塔型", "类型"),
        "antenna_height_m": _HEIGHT,
        "county": _COUNTY,
        "town": _TOWN,
        "address": _ADDRESS,
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
        **_OPTIONAL,
    },
    name="poles",
)


KEY_PLACES = pa.DataFrameSchema(
    {
        "place_id": _id("key place id", "场所编号", "编号", "序号", "id"),
        "place": _column("text", "name", "场所名称", "名称", "name"),
        "kind": _column("text", "kind", "场所类型", "类型", "amenity"),
        "weight": _column("number", "weight in people", "权重", "weight", checks=(pa.Check.ge(0),)),
        "county": _COUNTY,
        "town": _TOWN,
        "address": _ADDRESS,
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
    },
    name="key_places",
)


AREA_CLASSES = pa.DataFrameSchema(
    {
        "area_class": _column("text", "area class id", "区域类型", "类型", "class", required=True),
        "zone": _column("text", "name", "名称", "区域名称", "name"),
    },
    name="area_classes",
)


EXCLUSIONS = pa.DataFrameSchema(
    {
        "layer": _column("text", "kind of zone", "图层", "管控类型", "layer", required=True),
        "zone": _column("text", "name", "名称", "name"),
        "radius_m": _column(
            "number",
            "radius of a zone given as a point [m]",
            "半径",
            "半径(米)",
            "半径（米）",
            "radius",
            checks=(pa.Check.gt(0),),
        ),
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
    },
    name="exclusions",
)


ORDERS = pa.DataFrameSchema(
    {
        "order_id": _id("order id", "需求编号", "需求单编号", "编号", "序号", "id"),
        "order_name": _column("text", "name of the place", "需求名称", "站址名称", "名称", "name"),
        "networks": _column("text", "networks asked for", "网络", "需求网络", "需求运营商", "network"),
        "search_radius_m": _column(
            "number",
            "how far the mast may stand from the point [m]",
            "搜索半径",
            "偏移半径",
            "搜索半径(米)",
            "搜索半径（米）",
            "radius",
            checks=(pa.Check.gt(0),),
        ),
        "antenna_height_m": _HEIGHT,
        "due_date": _column("date", "wanted by", "截止日期", "需求日期", "要求完成日期", "due"),
        "weight": _column("number", "weight in people", "权重", "weight", checks=(pa.Check.ge(0),)),
        "county": _COUNTY,
        "town": _TOWN,
        "address": _ADDRESS,
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
        **_OPTIONAL,
    },
    name="orders",
)


WEAK_POINTS = pa.DataFrameSchema(
    {
        "point_id": _id("point id", "编号", "工单号", "序号", "id"),
        "place": _column("text", "name of the place", "位置", "地点", "名称", "name"),
        "kind": _column("text", "kind: complaint, weak measurement ...", "类型", "来源", "kind"),
        "network": _column("text", "network, empty for any", "网络", "运营商", "network"),
        "weight": _column("number", "weight in people", "权重", "次数", "weight", checks=(pa.Check.ge(0),)),
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
    },
    name="weak_points",
)


POPULATION = pa.DataFrameSchema(
    {
        "people": _column(
            "number",
            "residents at the point",
            "人口",
            "常住人口",
            "population",
            "pop",
            "residents",
            required=True,
            checks=(pa.Check.ge(0),),
        ),
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
    },
    name="population",
)


ROADS = pa.DataFrameSchema(
    {"highway": _column("text", "class of the road", "等级", "道路等级", "highway", "fclass")}, name="roads"
)


MEASUREMENTS = pa.DataFrameSchema(
    {
        "rsrp_dbm": _column(
            "number",
            "measured RSRP (SS-RSRP) [dBm]",
            "RSRP",
            "SS-RSRP",
            "SS_RSRP",
            "RSRP(dBm)",
            "SS-RSRP(dBm)",
            "NR SS-RSRP",
            "rsrp_dbm",
            "信号强度",
            "电平",
            required=True,
            checks=(pa.Check.in_range(-160, -20),),
        ),
        "time": _column(
            "text",
            "when it was measured; rows of one time and place are several servers",
            "时间",
            "采样时间",
            "测试时间",
            "timestamp",
            "datetime",
            "time",
        ),
        "station_id": _column(
            "text",
            "station or cell that was measured",
            "基站编号",
            "小区标识",
            "小区ID",
            "小区编号",
            "CI",
            "ECI",
            "NCI",
            "CGI",
            "CellID",
            "cell_id",
            "sector_id",
            "sector",
            "扇区编号",
        ),
        "site_id": _column(
            "text",
            "site that was measured",
            "站址编码",
            "站址编号",
            "site",
            "site_id",
            "eNodeBID",
            "gNodeBID",
        ),
        "pci": _column("text", "physical cell id that was measured", "PCI", "物理小区标识"),
        "band": _column("text", "band that was measured", "频段", "band"),
        "clutter": _column(
            "text",
            "what stands around the phone, in the file's own words",
            "地物",
            "地物类型",
            "地物分类",
            "clutter",
            "clutter_index",
            "landcover",
            "land_cover",
        ),
        "longitude": _LONGITUDE,
        "latitude": _LATITUDE,
    },
    name="measurements",
)


SCHEMAS: dict[str, pa.DataFrameSchema] = {
    schema.name: schema
    for schema in (
        COUNTIES,
        VILLAGES,
        STATIONS,
        SITE_PLAN,
        PROPERTIES,
        POLES,
        KEY_PLACES,
        AREA_CLASSES,
        EXCLUSIONS,
        ORDERS,
        WEAK_POINTS,
        ROADS,
        POPULATION,
    )
    if schema.name is not None
}
"""Schema of every input table, by the name it has under ``[inputs]``."""


LOCATED = pa.DataFrameSchema(
    {
        "table": _column("text", "table of the row", "表", required=True),
        "source_id": _column("text", "id of the row in its table", "编号", required=True),
        "place": _column("text", "name", "名称"),
        "address": _ADDRESS,
        "row": _column("text", "row in its file", "行"),
        "located_as": _column("text", "what it was located as", "现取位置"),
        "grade": _column("text", "grade of the location", "等级"),
        "radius_m": _column("number", "radius of the location [m]", "半径（米）"),
        **{
            f"guess{n}{part}": _column(kind, f"guess {n}: {words}", f"备选{n}{title}")
            for n in (1, 2, 3)
            for part, kind, words, title in (
                ("", "text", "name", ""),
                ("_lon", "number", "longitude, WGS84 [deg]", "经度"),
                ("_lat", "number", "latitude, WGS84 [deg]", "纬度"),
                ("_radius_m", "number", "radius [m]", "半径"),
            )
        },
        "choice": _column("number", "number of the right guess", "选择", "选择(1/2/3)"),
        "longitude": _column("number", "or its own longitude [deg]", "实际经度"),
        "latitude": _column("number", "or its own latitude [deg]", "实际纬度"),
        "datum": _column("text", "datum of these", "坐标系"),
    },
    name="located",
)
"""The sheet of doubtful addresses, written by a check and read by the next run."""


RETURNS = pa.DataFrameSchema(
    {
        "candidate_id": _column("text", "candidate the row is about", "候选编号", "编号", required=True),
        "planned_longitude": _column("text", "longitude in the plan, WGS84 [deg]", "规划经度WGS84"),
        "planned_latitude": _column("text", "latitude in the plan, WGS84 [deg]", "规划纬度WGS84"),
        "status": _column("text", "status, or MOVED", "谈点状态", "状态", "进展"),
        "longitude": _column("text", "longitude where it really stands [deg]", "实际经度", "经度"),
        "latitude": _column("text", "latitude where it really stands [deg]", "实际纬度", "纬度"),
        "datum": _column("text", "datum of these", "坐标系"),
        "reason": _column("text", "why it was refused, cannot be built or went back", "原因", "拒绝原因"),
        "note": _column("text", "remarks", "备注", "备选说明"),
        "reported_by": _column("text", "who reports", "反馈人", "联系人"),
        "reported_at": _column("text", "when", "反馈日期", "日期"),
        "run_id": _column("text", "run of the list", "规划版本"),
        "schema": _column("text", "schema of the form", "格式"),
    },
    name="returns",
)
"""What comes back from the field: a row of the form, or of the page's CSV."""


SCHEMAS_OF_TABLES = {**SCHEMAS, "measurements": MEASUREMENTS, "located": LOCATED, "returns": RETURNS}
"""Schema of every table that comes through the door."""


CANDIDATES = pa.DataFrameSchema(
    {
        "candidate_id": pa.Column(str, unique=True, description="stable id of the place"),
        "key": pa.Column(str, unique=True, description="source_type and source, or snapped pixel"),
        "source_type": pa.Column(
            str, pa.Check.isin([source_type.value for source_type in SourceType]), description="ladder"
        ),
        "source_id": pa.Column(str, description="id in the source table"),
        "name": pa.Column(str, description="name of the place"),
        "county_id": pa.Column(str, description="county code"),
        "county": pa.Column(str, description="county name"),
        "antenna_height_m": pa.Column(float, pa.Check.gt(0), description="above ground [m]"),
        "area_class": pa.Column(str, description="area class of the pixel"),
        "easting_m": pa.Column(float, description="easting in the project CRS [m]"),
        "northing_m": pa.Column(float, description="northing in the project CRS [m]"),
        "status": pa.Column(str, pa.Check.isin([s.value for s in CandidateState]), description="status"),
        "rule": pa.Column(str, description="rule that refused it, or empty"),
    },
    name="candidates",
)


def columns_of(schema: pa.DataFrameSchema) -> tuple[ColumnSpec, ...]:
    """Columns of a schema in the form the door reads.

    Parameters
    ----------
    schema
        One of :data:`SCHEMAS`.

    Returns
    -------
    tuple of ColumnSpec
        In the schema's order.

    Examples
    --------
    >>> [column.name for column in columns_of(COUNTIES)]
    ['county_id', 'county']
    """
    return tuple(_spec(str(name), column) for name, column in schema.columns.items())


def _spec(name: str, column: pa.Column) -> ColumnSpec:
    metadata = column.metadata or {}
    return ColumnSpec(
        name=name,
        kind=metadata["kind"],
        required=bool(column.required),
        nullable=bool(column.nullable),
        unique=bool(column.unique),
        aliases=tuple(metadata["aliases"]),
        description=str(column.description),
        checks=tuple(column.checks),
    )


def failures(schema: pa.DataFrameSchema, table: pd.DataFrame) -> pd.DataFrame:
    """Every cell of a table that breaks its schema.

    Parameters
    ----------
    schema
        The schema; columns the table lacks are not reported here.
    table
        Attributes, any index.

    Returns
    -------
    DataFrame
        Columns ``column``, ``check``, ``failure_case``, ``index``; empty when all is well.
    """
    present = schema.select_columns([name for name in schema.columns if name in table.columns])
    try:
        present.validate(table, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases[["column", "check", "failure_case", "index"]]
        return cases.sort_values(["index", "column"], kind="stable").reset_index(drop=True)
    return pd.DataFrame(columns=["column", "check", "failure_case", "index"])
