"""Words shown to users, Chinese first with an English twin.

One decision to know: text is looked up by key at the moment it is shown, so faults and reasons travel
through the pipeline as data and the same run can be printed in either language.
"""

from __future__ import annotations

from typing import Literal

Lang = Literal["zh", "en"]
"""Language of user-facing text."""


class Key(str):
    """A value of a text that is itself looked up, such as a status."""

    __slots__ = ()


_TEXTS: dict[str, tuple[str, str]] = {
    # --- faults: problem / remedy -------------------------------------------------------------
    "missing_file": ("找不到文件", "the file does not exist"),
    "missing_file_fix": (
        "检查 project.toml 中的 path，或删除该项（缺失时的处理见 README）",
        "check its path in project.toml, or remove the entry (README says what happens without it)",
    ),
    "unreadable": ("无法读取：{detail}", "cannot be read: {detail}"),
    "unreadable_fix": (
        "若在 Excel 或 WPS 中打开请先关闭；或另存为 .xlsx、.csv(UTF-8)、.gpkg 后重试",
        "close it in Excel or WPS, or save it again as .xlsx, UTF-8 .csv or .gpkg, and retry",
    ),
    "unknown_key": (
        "inputs.{table} 的 columns 或 constants 中“{value}”不是本表的列（可用：{found}）",
        "'{value}' in columns or constants of inputs.{table} is not a column of this table ({found})",
    ),
    "unknown_key_fix": ("核对拼写", "check its spelling"),
    "where_column": (
        "where 用的列“{value}”不在文件中（现有列：{found}）",
        "the column '{value}' of where is not in the file (columns: {found})",
    ),
    "where_column_fix": ("改正 inputs.{table} 的 where", "correct where in inputs.{table}"),
    "where_empty": (
        "where 条件 {value} 没有留下任何行（该列的值：{found}）",
        "where {value} keeps no row (values of that column: {found})",
    ),
    "where_empty_fix": ("改正 inputs.{table} 的 where", "correct where in inputs.{table}"),
    "wrong_shape": (
        "需要 {value}，文件中是 {found}",
        "needs {value} geometry, the file has {found}",
    ),
    "wrong_shape_fix": (
        "换用正确的图层，或在 inputs.{table} 写明 layer",
        "use the right file, or say layer in inputs.{table}",
    ),
    "no_layer": (
        "没有名为“{value}”的工作表或图层（现有：{found}）",
        "there is no sheet or layer '{value}' (there are: {found})",
    ),
    "no_layer_fix": ("改正 inputs.{table} 的 layer", "correct layer in inputs.{table}"),
    "several_layers": (
        "文件有多个图层：{found}",
        "the file has several layers: {found}",
    ),
    "several_layers_fix": (
        '在 inputs.{table} 写明 layer = "图层名"',
        'say which in inputs.{table}: layer = "name"',
    ),
    "empty_sheet": ("没有数据行", "has no data rows"),
    "empty_sheet_fix": (
        "填写数据，或从 project.toml 删除该输入",
        "fill it in, or remove this input from project.toml",
    ),
    "missing_column": (
        "缺少必需列“{names}”（{column}）；现有列：{found}",
        "the required column '{column}' ({names}) is missing; columns found: {found}",
    ),
    "missing_column_fix": (
        '补上该列，或在 project.toml 的 inputs.{table}.columns 中写明 {column} = "表头"',
        'add it, or map it in project.toml: inputs.{table}.columns {column} = "header"',
    ),
    "ambiguous_column": (
        "“{column}”对应多个表头：{found}",
        "'{column}' could be any of these headers: {found}",
    ),
    "ambiguous_column_fix": (
        '在 project.toml 的 inputs.{table}.columns 中选一个：{column} = "{first}"',
        'choose one in project.toml: inputs.{table}.columns {column} = "{first}"',
    ),
    "repeated_columns": (
        "有成组重复的列（{found}），像是并排两栏的表；只读第一组",
        "columns repeat as a group ({found}), like a list printed in two blocks side by side; only "
        "the first is read",
    ),
    "repeated_columns_fix": ("把右边一栏移到左边一栏下面", "move the right-hand block below the left one"),
    "two_coordinates": (
        "同一行的两处坐标不一致，取合并栏或度分秒栏",
        "the row gives two coordinates that differ; the pair, or degrees-minutes-seconds, is taken",
    ),
    "two_coordinates_fix": ("核对后删去错误的一处", "check them and remove the wrong one"),
    "not_number": ("“{value}”不是数字", "'{value}' is not a number"),
    "not_number_fix": ("改为数字", "enter a number"),
    "not_date": ("“{value}”不是日期", "'{value}' is not a date"),
    "not_date_fix": ("改为 2023-06-30 这样的日期", "enter a date such as 2023-06-30"),
    "not_flag": ("“{value}”不是“是/否”", "'{value}' is not yes/no"),
    "not_flag_fix": ("填写“是”或“否”", "enter yes or no"),
    # --- the door: files and sheets -----------------------------------------------------------
    "too_large": ("文件展开后过大", "the file is too large once unpacked"),
    "too_large_fix": (
        "按县或按年拆成几个文件；正常的台账远小于此限",
        "split it by county or year; real lists are far below the limit",
    ),
    "too_wide": (
        "工作表的单元格范围大得离谱（常因误填最末行列）",
        "the sheet spans an absurd range of cells (often one stray cell far out)",
    ),
    "too_wide_fix": (
        "把数据区复制到新工作表再保存",
        "copy the data into a new sheet and save that",
    ),
    "not_a_file": ("不是普通文件", "is not a plain file"),
    "not_a_file_fix": ("换成普通文件", "use a plain file"),
    "points_elsewhere": (
        "文件只指向别的文件或网络服务，未打开",
        "the file only points to other files or servers and was not opened",
    ),
    "points_elsewhere_fix": ("请提供数据文件本身", "give the data themselves"),
    "area_too_large": (
        "规划区按像元 {resolution} m 有 {count} 百万像元，无法规划",
        "the area has {count} million pixels of {resolution} m, too many to plan",
    ),
    "area_too_large_fix": (
        "核对县界坐标和坐标系；面积确实这样大时分县规划或加大 demand_resolution_m",
        "check the borders and their CRS; for an area of this size plan by county or enlarge "
        "demand_resolution_m",
    ),
    "path_in_archive": ("压缩包内的文件名指向包外", "a name inside the archive points outside it"),
    "path_in_archive_fix": ("不要使用来历不明的文件；请对方重新导出", "do not use it; ask for a new export"),
    "locked_archive": ("文件有密码", "the file has a password"),
    "locked_archive_fix": ("在 Excel 或 WPS 中取消密码后另存", "save it without the password"),
    "xml_entities": (
        "文件含 XML 实体定义，可能是恶意文件",
        "the file defines XML entities and may be hostile",
    ),
    "xml_entities_fix": ("请对方重新导出", "ask for a new export"),
    "hidden_sheet": ("隐藏的工作表“{value}”未读入", "the hidden sheet '{value}' was not read"),
    "hidden_sheet_fix": (
        '需要时取消隐藏，或在 inputs.{table} 写 layer = "{value}"',
        'show it, or set layer = "{value}" in inputs.{table}, if it is needed',
    ),
    "other_sheet": (
        "工作表“{value}”的列与本表不同，未读入",
        "the sheet '{value}' has other columns and was not read",
    ),
    "other_sheet_fix": (
        '若数据在此表，在 inputs.{table} 写 layer = "{value}"',
        'if the data are there, set layer = "{value}" in inputs.{table}',
    ),
    "line_total": ("合计行，不作为数据：{value}", "a total, not a record: {value}"),
    "line_total_fix": ("无需处理", "nothing to do"),
    "line_remark": ("说明行，不作为数据：{value}", "a remark, not a record: {value}"),
    "line_remark_fix": ("无需处理", "nothing to do"),
    "line_section": ("小标题行，不作为数据：{value}", "a heading, not a record: {value}"),
    "line_section_fix": ("若是一条数据，请补全其他列", "if it is a record, fill in its other columns"),
    "line_header": ("重复的表头，不作为数据：{value}", "the header again, not a record: {value}"),
    "line_header_fix": ("无需处理", "nothing to do"),
    "line_serial": ("只有序号的空行：{value}", "an empty row with a serial number only: {value}"),
    "line_serial_fix": ("无需处理", "nothing to do"),
    "nul_bytes": ("文本中有 {count} 个空字节，已去掉", "{count} NUL bytes in the text were removed"),
    "nul_bytes_fix": ("核对导出程序；文件可能不完整", "check the export; the file may be incomplete"),
    "open_quote": (
        "第 {row} 行附近的引号没有成对，后面的行被吞入一个单元格",
        "a quotation mark near line {row} is not closed and swallows the lines after it",
    ),
    "open_quote_fix": ("补上或删去该引号，或另存为 .xlsx", "close or remove it, or save as .xlsx"),
    "broken_text": ("“{value}”中有无法识别的字符", "'{value}' has characters that cannot be decoded"),
    "broken_text_fix": (
        "用 Excel 另存为“CSV UTF-8”，或在 inputs.{table} 写 encoding",
        "save as UTF-8 CSV, or set encoding in inputs.{table}",
    ),
    "not_coordinate": ("“{value}”不是坐标", "'{value}' is not a coordinate"),
    "not_coordinate_fix": (
        "填写十进制度（113.5868）或度分秒（113°35′12.5″），分、秒须小于 60",
        "enter decimal degrees (113.5868) or 113°35′12.5″, minutes and seconds below 60",
    ),
    "no_coordinates": ("没有坐标", "has no coordinates"),
    "no_coordinates_fix": (
        "填写经纬度（0 视为空）；物业、规划、杆塔、需求、重点场所可只填地址",
        "enter longitude and latitude (0 counts as empty); properties, plan entries, poles, orders and key "
        "places may have an address instead",
    ),
    "excel_id": (
        "编号“{value}”已被 Excel 变成科学计数，位数丢失",
        "Excel turned the id into '{value}', digits are lost",
    ),
    "excel_id_fix": (
        "在 Excel 中把该列设为“文本”后重新填写或导出",
        "format the column as text in Excel and enter or export it again",
    ),
    "excel_digits": (
        "编号“{value}”超过 15 位，Excel 已丢失末几位",
        "the id '{value}' has more than 15 digits, Excel has lost the last ones",
    ),
    "excel_digits_fix": ("把该列设为“文本”后重新导出", "format the column as text and export it again"),
    "grid_found": (
        "坐标为米，按 {crs} 读入（经试算与规划区吻合；北京54、西安80 会差百米左右）",
        "the coordinates are metres and were read as {crs} (found by trying; older Chinese datums are some "
        "100 m off)",
    ),
    "grid_found_fix": (
        '确认后在 inputs.{table} 写 crs = "{crs}"',
        'confirm with crs = "{crs}" in inputs.{table}',
    ),
    "grid_unknown": (
        "坐标为米，但无法判断投影（可能：{found}）",
        "the coordinates are metres of an unknown grid (possible: {found})",
    ),
    "grid_unknown_fix": (
        '在 inputs.{table} 写 crs，如 crs = "EPSG:4547"（CGCS2000 3度带，中央经线114°）',
        'set crs in inputs.{table}, such as crs = "EPSG:4547"',
    ),
    "datum_rows": ("datum_rows 的“{value}”不是行号范围", "'{value}' in datum_rows is no range of rows"),
    "datum_rows_fix": (
        '写成 datum_rows = {{ "2-120" = "gcj02" }}，多工作表时写 "表名!2-120"',
        'write datum_rows = {{ "2-120" = "gcj02" }}, or "Sheet!2-120"',
    ),
    "datum_found": (
        "坐标系未声明；按行内地名检验为 {found}（把握 {sureness}，{rows} 行有据；与地名的距离：{evidence}）",
        "no datum declared; the names in its rows speak for {found} (sureness {sureness}, {rows} "
        "rows; distance "
        "to the names: {evidence})",
    ),
    "datum_found_fix": (
        '已按 {found} 换算；确认后在 inputs.{table} 写 datum = "{found}"',
        'read as {found}; confirm with datum = "{found}" in inputs.{table}',
    ),
    "datum_mixed": (
        "同一表内坐标系不一：{group} 检验为 {found}（把握 {sureness}，{rows} 行有据；{evidence}）",
        "the table mixes datums: {group} speaks for {found} (sureness {sureness}, {rows} rows; {evidence})",
    ),
    "datum_mixed_fix": (
        '请向提供单位核实；可在 inputs.{table} 写 datum 和 datum_rows = {{ "行-行" = "{found}" }}',
        'ask where it comes from; declare datum and datum_rows = {{ "row-row" = "{found}" }} in '
        "inputs.{table}",
    ),
    "datum_unknown": (
        "坐标系未声明，且{group}无法判断（{rows} 行有地名；{evidence}），暂按 {datum}",
        "no datum declared and the rows{group} cannot tell it ({rows} rows with names; {evidence}); "
        "taken as {datum}",
    ),
    "datum_unknown_fix": (
        "手机地图取点多为 gcj02，GPS 为 wgs84；问清后在 inputs.{table} 写 datum（错了会偏 600 米左右）",
        "phone maps give gcj02, GPS gives wgs84; ask, and set datum in inputs.{table} (a mistake is "
        "some 600 m)",
    ),
    "datum_contradicts": (
        "声明为 {declared}，但{group}地名更符合 {found}（把握 {sureness}，{rows} 行有据；{evidence}）",
        "declared as {declared}, but names speak for {found} ({group} sureness {sureness}, {rows} "
        "rows; {evidence})",
    ),
    "datum_contradicts_fix": (
        "仍按声明换算；请核对取点来源，必要时改 inputs.{table} 的 datum",
        "read as declared; check where the points come from and correct datum in inputs.{table} if needed",
    ),
    "datum_agrees": (
        "声明的 {declared} 与地名不矛盾（{rows} 行有据；{evidence}）",
        "the declared {declared} does not contradict the names ({rows} rows; {evidence})",
    ),
    "datum_agrees_fix": ("无需处理", "nothing to do"),
    "not_located": (
        "没有坐标，地址“{value}”在本项目的县、镇、村、场所名中找不到",
        "no coordinates, and nothing in the project's names fits the address '{value}'",
    ),
    "not_located_fix": (
        "补坐标，或在地址中写明县、镇、村，或在“待核地址”表中选择",
        "add coordinates, or name county, town and village, or choose in the sheet of doubtful addresses",
    ),
    "located": (
        "按地址“{value}”定位到“{found}”（{grade} 级，半径约 {radius} m）",
        "placed at '{found}' by its address '{value}' (grade {grade}, radius some {radius} m)",
    ),
    "located_fix": ("有条件时补实测坐标", "add surveyed coordinates when there are some"),
    "located_coarse": (
        "地址“{value}”只能定位到“{found}”（{grade} 级，半径约 {radius} m）",
        "the address '{value}' can only be placed at '{found}' (grade {grade}, radius some {radius} m)",
    ),
    "located_coarse_fix": (
        "在“待核地址”表中选择或填写坐标，再按表头说明交回",
        "choose or enter coordinates in the sheet of doubtful addresses and hand it back",
    ),
    "located_sound": (
        "地址“{value}”按同音字定位到“{found}”（{grade} 级，半径约 {radius} m）",
        "the address '{value}' was placed at '{found}', which sounds the same (grade {grade}, some "
        "{radius} m)",
    ),
    "located_sound_fix": ("核对村名；不对时在“待核地址”表中改选", "check the name, or choose another guess"),
    "located_similar": (
        "地址“{value}”按相近字定位到“{found}”（{grade} 级，半径约 {radius} m）",
        "the address '{value}' was placed at '{found}', which is spelt alike (grade {grade}, some "
        "{radius} m)",
    ),
    "located_similar_fix": (
        "核对村名；不对时在“待核地址”表中改选",
        "check the name, or choose another guess",
    ),
    "located_tied": (
        "地址“{value}”有多处同名（{found}），取其中间（{grade} 级，半径约 {radius} m）",
        "the address '{value}' fits several places ({found}); their middle stands (grade {grade}, "
        "some {radius} m)",
    ),
    "located_tied_fix": ("在“待核地址”表中选择", "choose in the sheet of doubtful addresses"),
    "located_conflict": (
        "地址“{value}”中的村“{found}”不属于所写的镇（撤并、改名或笔误），按村定位（半径约 {radius} m）",
        "the village '{found}' of the address '{value}' is not in the town it names (merged, "
        "renamed or a slip); "
        "placed at the village (some {radius} m)",
    ),
    "located_conflict_fix": (
        "核对镇名；不对时在“待核地址”表中改选",
        "check the town, or choose another guess",
    ),
    "choice_unclear": (
        "“选择”{value} 不是 1、2、3，或坐标、坐标系不全",
        "the choice {value} is not 1, 2 or 3, or incomplete",
    ),
    "choice_unclear_fix": (
        "填 1、2、3，或同时填实际经度、实际纬度和坐标系（wgs84、gcj02…）",
        "enter 1, 2 or 3, or longitude, latitude and datum",
    ),
    # --- the door: between rows and tables ------------------------------------------------------
    "near_duplicate": (
        "“{value}”与第 {other} 行同名且仅相距 {distance} m，疑似重复",
        "'{value}' has the name of row {other} and is {distance} m from it: probably the same place",
    ),
    "near_duplicate_fix": ("保留一行，或改名以示区别", "keep one row, or tell them apart by name"),
    "two_names": (
        "“{value}”与第 {other} 行“{found}”在同一点，疑似一处两名或坐标套用",
        "'{value}' stands on the very point of '{found}' (row {other}): one place under two names, or copied "
        "coordinates",
    ),
    "two_names_fix": ("核对是否同一处；不是则更正坐标", "keep one of them, or correct the coordinates"),
    "duplicate_station": (
        "同一站址、网络、频段重复登记（{value}）",
        "site, network and band are listed twice ({value})",
    ),
    "duplicate_station_fix": (
        "保留一行；多扇区请写在方位角一格内",
        "keep one row; several sectors go into one cell",
    ),
    "site_spread": (
        "站址 {value} 与第 {other} 行同编码但相距 {distance} m",
        "site {value} lies {distance} m from its other station in row {other}",
    ),
    "site_spread_fix": ("统一坐标，或更正站址编码", "give them one position, or correct the site id"),
    "wrong_county": (
        "所写县“{value}”与坐标不符：点在“{found}”，距“{value}”{distance} m",
        "the row states {value}, but its point lies in {found}, {distance} m from {value}",
    ),
    "wrong_county_fix": (
        "更正县名或坐标（也可能是坐标系不对）",
        "correct the county or the coordinates (or the datum)",
    ),
    "height_doubt": (
        "高度 {value} m 异常（一般不超过 {limit} m）",
        "a height of {value} m is unusual (above {limit} m)",
    ),
    "height_doubt_fix": ("核对单位（米）和数值", "check the unit (metres) and the value"),
    "in_water": ("点落在水面上", "the point lies in open water"),
    "in_water_fix": ("核对坐标和坐标系；确在水面平台上的可忽略", "check coordinates and datum"),
    "two_lists": (
        "“{value}”也在 {found} 第 {other} 行：同一处在两个表中",
        "'{value}' is also in {found}, row {other}: one site in two lists",
    ),
    "two_lists_fix": ("保留在更准确的一张表中", "keep it in the list that knows it better"),
    "built_before_year": (
        "标为已建，但规划年份 {value} 晚于基准日 {date}",
        "is said to be built, but planned for {value}, after {date}",
    ),
    "built_before_year_fix": ("更正建设状态或年份", "correct its state or its year"),
    "built_not_found": (
        "标为已建，但附近 200 m 内没有现网基站",
        "is said to be built, but no station is within 200 m",
    ),
    "built_not_found_fix": (
        "更正建设状态或坐标，或补现网基站",
        "correct its state or position, or add the station",
    ),
    "already_on_air": (
        "标为未建，但同名站址 {other} 已开通（“{value}”）",
        "is said not to be built, but the site {other} of that name is on air ('{value}')",
    ),
    "already_on_air_fix": ("改为已建，或更正名称、坐标", "mark it as built, or correct name or position"),
    "overdue": ("要求完成日期 {value} 早于基准日", "was wanted by {value}, before the reference date"),
    "overdue_fix": ("更新日期，或删去已办结的需求单", "set a new date, or remove orders that are done"),
    "village_empty": ("“{value}”范围内没有人口", "nobody lives in '{value}'"),
    "village_empty_fix": (
        "核对村界、人口数据或撤并情况",
        "check its border, the population data, or whether it still exists",
    ),
    "not_angles": ("“{value}”不是角度", "'{value}' is not an angle"),
    "not_angles_fix": (
        "填写度数，多个扇区用 / 分开，如 0/120/240；全向天线留空",
        "enter degrees, several sectors as 0/120/240; leave empty for omnidirectional antennas",
    ),
    "angles_differ": (
        "方位角 {azimuths} 与下倾角 {tilts} 的个数不同",
        "there are {azimuths} azimuths and {tilts} downtilts",
    ),
    "angles_differ_fix": (
        "每个扇区一个下倾角，或全部共用一个；本行按天线默认下倾角计算",
        "give one downtilt a sector, or one for all; this row takes its antenna's usual downtilt",
    ),
    "no_antenna_gain": (
        "给出了参考信号功率，但频段 {band} 没有指定天线，增益未知",
        "RS power is given, but band {band} names no antenna, so the gain is unknown",
    ),
    "no_antenna_gain_fix": (
        "在项目文件该频段下写 antenna，或改用 EIRP 列；这些基站按频段的 EIRP 计算",
        "name an antenna for the band, or give EIRP; these stations take the band's EIRP",
    ),
    "measured_unknown": (
        "找不到对应的现网基站（{value}）",
        "matches no station on air ({value})",
    ),
    "measured_unknown_fix": (
        "核对基站编号、站址编码或 PCI 与工参是否一致；本行不参与校准",
        "compare station id, site id or PCI with the station table; the row is left out",
    ),
    "measured_two_bands": (
        "站址 {value} 有多个频段（{found}），本行未写频段",
        "site {value} has several bands ({found}) and the row names none",
    ),
    "measured_two_bands_fix": (
        "补充频段列或基站编号；本行不参与校准",
        "add a band column or station ids; the row is left out",
    ),
    "measured_nothing": (
        "没有基站编号、站址编码或 PCI 列，实测点无法对应基站",
        "there is no column of station ids, site ids or PCI, so points match no station",
    ),
    "measured_nothing_fix": (
        "表中加入其中一列，或用 --column 指出列名，如 --column pci=物理小区号",
        "add one of them, or name the header with --column, such as --column pci=PhyCellId",
    ),
    "no_stations_to_match": (
        "项目没有现网基站表，无法校准",
        "the project has no stations, so nothing can be calibrated",
    ),
    "no_stations_to_match_fix": (
        "在项目文件中填写 [inputs.stations]",
        "give [inputs.stations] in the project file",
    ),
    "unknown_cover": (
        "土地覆盖代码 {codes} 未在 land_cover 中定义",
        "the land cover codes {codes} are not defined",
    ),
    "unknown_cover_fix": (
        "在项目文件 [[land_cover]] 中补充；目前按所在区域类型的建成区计算",
        "add them under [[land_cover]]; until then they count as built-up land of their area class",
    ),
    "empty_cell": ("为空", "is empty"),
    "empty_cell_fix": ("填写该单元格", "fill in the cell"),
    "out_of_range": (
        "数值 {value} 不符合要求（{check}）",
        "the value {value} breaks the rule {check}",
    ),
    "out_of_range_fix": ("核对单位和数值", "check the unit and the value"),
    "duplicate_id": ("编号“{value}”重复", "the id '{value}' occurs more than once"),
    "duplicate_id_fix": ("保留一行，或改成不同编号", "keep one row, or give it another id"),
    "swapped_lonlat": (
        "经纬度疑似颠倒：({value})",
        "longitude and latitude look swapped: ({value})",
    ),
    "swapped_lonlat_fix": ("交换经度和纬度两列", "swap the two columns"),
    "outside_area": (
        "坐标 ({value}) 不在规划区及其外扩 {halo_km} km 范围内",
        "the point ({value}) is outside the planning area and its {halo_km} km halo",
    ),
    "outside_area_fix": (
        "核对坐标和坐标系（datum）",
        "check the coordinates and the declared datum",
    ),
    "no_crs": ("没有坐标参考系（CRS）", "has no coordinate reference system (CRS)"),
    "no_crs_fix": (
        '为文件写入 CRS（shp 补 .prj），或在 inputs.{table} 写 crs = "EPSG:…"',
        'write the CRS into the file (.prj for .shp), or set crs = "EPSG:…" in inputs.{table}',
    ),
    "no_geometry": ("没有几何图形", "has no geometry"),
    "no_geometry_fix": ("补充图形，或删除该行", "add the geometry or remove the row"),
    "unknown_county": (
        "县（市、区）“{value}”不在行政区表中（现有：{found}）",
        "the county '{value}' is not in the county table (known: {found})",
    ),
    "unknown_county_fix": ("使用行政区表中的名称或代码", "use a name or code of the county table"),
    "unknown_network": (
        "网络“{value}”未在 project.toml 的 [[networks]] 中定义",
        "the network '{value}' is not among [[networks]] of project.toml",
    ),
    "unknown_network_fix": (
        "改用已定义的网络（{found}），或补充别名",
        "use a defined network ({found}) or add an alias",
    ),
    "unknown_band": (
        "频段“{value}”未在 project.toml 的 [[bands]] 中定义",
        "the band '{value}' is not among [[bands]] of project.toml",
    ),
    "unknown_band_fix": (
        "改用已定义的频段（{found}），或补充别名",
        "use a defined band ({found}) or add an alias",
    ),
    "unknown_class": (
        "区域类型“{value}”未在 project.toml 的 [[area_classes]] 中定义",
        "the area class '{value}' is not among [[area_classes]] of project.toml",
    ),
    "unknown_class_fix": ("改用已定义的类型：{found}", "use a defined class: {found}"),
    "unknown_level": (
        "管控级别“{value}”应为 forbid、restrict 或 notify",
        "the level '{value}' must be forbid, restrict or notify",
    ),
    "unknown_level_fix": ("改为 forbid/restrict/notify", "use forbid, restrict or notify"),
    "dem_not_covering": (
        "高程数据只覆盖规划区的 {share}",
        "the DEM covers only {share} of the planning area",
    ),
    "dem_not_covering_fix": (
        "换用覆盖全区的 DEM，或删除 inputs.dem",
        "use a DEM that covers the area, or remove inputs.dem",
    ),
    "dem_voids": (
        "高程数据在规划区内有 {void} 的空洞，该处没有地面高程",
        "the DEM leaves {void} of the planning area open; no ground height there",
    ),
    "dem_voids_fix": ("可换用更完整的 DEM", "a more complete DEM would help"),
    "village_outside": (
        "村庄“{value}”不在任何县的范围内，不参与规划",
        "the village '{value}' lies in no county and is left out",
    ),
    "village_outside_fix": (
        "若应计入，核对其坐标、坐标系或县界",
        "if it should count, check its coordinates, datum or the county borders",
    ),
    "raster_too_fine": (
        "栅格在规划区内有 {count} 百万像元，超过 {most} 百万",
        "the raster has {count} million pixels inside the area, more than {most} million",
    ),
    "raster_too_fine_fix": (
        "重采样到 10 米或更粗再用，或裁剪到规划区",
        "resample it to 10 m or coarser, or cut it to the area",
    ),
    "cut_short": (
        "文件不完整：声明的记录数多于文件所含",
        "the file is cut short: it declares more records than it holds",
    ),
    "cut_short_fix": ("请重新拷贝或导出", "copy or export it again"),
    "raster_not_covering": (
        "栅格与规划区不重叠",
        "the raster does not overlap the planning area",
    ),
    "over_built": (
        "{county} {year} 年已建 {built} 超过指标 {target}，超出 {excess}",
        "{county}: {built} built in {year} against a quota of {target}, {excess} over",
    ),
    "over_built_fix": (
        "剩余按 0 处理；请核对指标或开通日期",
        "the remainder counts as 0; check the quota or the on-air dates",
    ),
    "height_out_of_formula": (
        "挂高 {value} m 超出所有传播公式的适用范围",
        "the antenna height {value} m is outside the range of every propagation formula given",
    ),
    "height_out_of_formula_fix": ("核对挂高（米）", "check the antenna height in metres"),
    "too_many_faults": (
        "{table}：{rejected} / {read} 行无效，方案没有意义",
        "{table}: {rejected} of {read} rows are invalid, a plan would mean nothing",
    ),
    "too_many_faults_fix": ("先修正以上各行", "correct the rows listed first"),
    "no_demand": (
        "规划区内没有任何需求（人口、村庄、重点场所）",
        "there is no demand (people, villages, key places) in the area",
    ),
    "no_demand_fix": (
        "提供人口栅格、村庄表或重点场所之一",
        "give a population raster, a village table or key places",
    ),
    "crs_elsewhere": (
        "规划区中心 ({centre}) 不在 {crs}（{zone}）的适用范围内",
        "the middle of the area ({centre}) lies outside the land {crs} is meant for ({zone})",
    ),
    "crs_elsewhere_fix": (
        "换用当地的投影坐标系，否则距离不准",
        "use the projected CRS of the place, or distances are off",
    ),
    "outside_counties": (
        "{count} 个点不在任何县内，不参与规划：{ids}",
        "{count} points lie in no county and take no part: {ids}",
    ),
    "outside_counties_fix": (
        "核对坐标、坐标系（datum）或县界",
        "check their coordinates, the datum or the borders",
    ),
    "unknown_layer": (
        "管控图层“{value}”没有对应的 [[exclusions]] 规则，不起作用（已有：{found}）",
        "the layer '{value}' has no rule in [[exclusions]] and does nothing (rules: {found})",
    ),
    "unknown_layer_fix": ("改正图层名，或补一条规则", "correct the name, or add a rule"),
    "rule_order": (
        "位于需求单“{other}”的搜索圈内，由需求单承担",
        "inside the search ring of the demand order '{other}', which takes its place",
    ),
    "no_area": (
        "既没有县界也没有村庄表，无法确定规划区",
        "there are neither county borders nor a village table, so there is no area to plan",
    ),
    "no_area_fix": (
        "提供 inputs.counties（面）或 inputs.villages",
        "give inputs.counties (polygons) or inputs.villages",
    ),
    # --- what is done without an input ------------------------------------------------------------
    "missing_counties": (
        "无县界：以村点周围 5 公里为规划区，按最近村庄分县",
        "no borders: land within 5 km of a village, split by the nearest village's county",
    ),
    "missing_villages": ("无村庄表：不做村庄达标统计", "no village table: no village test"),
    "missing_stations": (
        "无现网基站：按无任何覆盖规划",
        "no stations: planned as if nothing were covered",
    ),
    "missing_site_plan": ("无站址规划：第②级候选为空", "no site plan: source_type 2 is empty"),
    "missing_properties": ("无公共物业：第③级候选为空", "no properties: source_type 3 is empty"),
    "missing_poles": ("无社会杆塔：第④级候选为空", "no poles: source_type 4 is empty"),
    "missing_key_places": ("无重点场所", "no key places"),
    "missing_area_classes": (
        "无区域类型：全部按默认类型",
        "no area classes: everything is the default class",
    ),
    "missing_exclusions": ("无管控图层：没有禁建限建", "no exclusions: nothing is forbidden"),
    "missing_population": (
        "无人口栅格：人口取村庄表人口列，集中在村点",
        "no population raster: the village table's people, at the village points",
    ),
    "missing_dem": (
        "无高程：新址不选高地，地图无山影",
        "no DEM: new sites do not look for high ground, no hillshade",
    ),
    "missing_roads": ("无道路：新址不查道路距离", "no roads: no road rule for new sites"),
    # --- refusal rules -------------------------------------------------------------------------
    "rule_complete": (
        "该站址已开通本类区域应有的全部网络和频段",
        "the site already has every network and band rolled out in its area class",
    ),
    "rule_built": ("站址规划中已建成", "already built according to the site plan"),
    "rule_forbid": (
        "位于禁建区“{zone}”（含 {buffer} m 缓冲）；依据：{basis}",
        "inside the forbidden zone '{zone}' ({buffer} m buffer included); basis: {basis}",
    ),
    "rule_restrict": (
        "限建区“{zone}”内不新建落地站；依据：{basis}",
        "no new ground site inside the restricted zone '{zone}'; basis: {basis}",
    ),
    "rule_spacing": (
        "距现网站址 {other} 仅 {distance} m，小于最小站距 {minimum} m",
        "{distance} m from the existing site {other}, below the minimum of {minimum} m",
    ),
    "rule_low": (
        "挂高 {height} m 低于下限 {minimum} m",
        "antenna height {height} m is below the minimum of {minimum} m",
    ),
    "rule_high": (
        "挂高 {height} m 超出传播公式适用范围",
        "antenna height {height} m is outside the range of the propagation formulas",
    ),
    "rule_duplicate": (
        "与优先级更高的候选 {other} 相距 {distance} m，视为同一地点",
        "{distance} m from the higher-priority candidate {other}: the same place",
    ),
    "rule_unit": (
        "计数单位为站址，存量改造不计入指标",
        "the quota counts sites, so an upgrade does not count towards it",
    ),
    "rule_located": (
        "没有坐标，按地址只能定位到 {grade} 级（半径 {radius} m，超过 {widest} m）；补坐标后再参与排名",
        "no coordinates; its address gives grade {grade} only (radius {radius} m, more than {widest} m): add "
        "coordinates to have it ranked",
    ),
    "note_located": (
        "位置按地址估计（{grade} 级，半径 {radius} m），以此为搜索圈",
        "placed by its address (grade {grade}, radius {radius} m), which is its search ring",
    ),
    "rule_road": (
        "距道路 {distance} m，超过 {maximum} m",
        "{distance} m from a road, more than {maximum} m",
    ),
    "rule_no_rollout": (
        "该类区域没有可建的网络或频段",
        "no network or band is rolled out in this area class",
    ),
    "note_restrict": (
        "限建区“{zone}”，需报批（{basis}）",
        "restricted zone '{zone}', approval needed ({basis})",
    ),
    "note_notify": ("需告知“{zone}”（{basis}）", "notify '{zone}' ({basis})"),
    # --- assumptions ---------------------------------------------------------------------------------
    "model_empirical": ("传播缓冲区模型，{calibrated}", "propagation buffers, {calibrated}"),
    "model_terrain": (
        "地形绕射模型（P.1812 Bullington），{calibrated}",
        "terrain diffraction (P.1812 Bullington), {calibrated}",
    ),
    "calibration_not_worth": (
        "留站检验中校准并不比未校准好：请补充更多站址的实测，不建议应用本结果",
        "On sites left out this is no better than no calibration: measure more sites; do not apply it",
    ),
    "calibration_reading": (
        "实测只有主服务小区：远处只剩“运气好”的点仍由该小区服务，读数高于该处的中值。"
        "“校准后读数”预测手机读到的值，“校准后中值”是地图所用的中值，在远处更低；距离斜率不由这类数据拟合。",
        "The data are of serving cells only: far out only lucky points are still served, and they read more "
        "than the median there. The calibrated reading predicts what a phone reads; the calibrated median "
        "is what maps use and is lower far out. Such data never move the distance slope.",
    ),
    "calibration_several": (
        "实测每点有多个小区或为扫频数据；数据足够时拟合距离斜率。",
        "The data name several cells a place, or are of a scanner; the slope is fitted where they "
        "are enough.",
    ),
    "judged_uncalibrated": ("未校准", "uncalibrated"),
    "judged_offset_per_band": ("每频段一个偏移", "one offset per band"),
    "judged_calibrated_median": ("校准后中值（地图所用）", "calibrated median (what maps use)"),
    "judged_calibrated": ("校准后读数（主服务小区）", "calibrated reading of the serving cell"),
    "model_uncalibrated": ("未校准", "uncalibrated"),
    "model_calibrated": ("已用实测校准", "calibrated with measurements"),
    "assume_probability": (
        "P(RSRP ≥ T) = Φ((中值 − T)/σ)，链路预算内不含余量",
        "P(RSRP >= T) = Phi((median - T) / sigma); no margin inside the link budget",
    ),
    "assume_shadowing": (
        "同一杆塔各频段共享阴影衰落（取最好的频段）；不同杆塔视为独立（忽略相关性）",
        "bands of one mast share shadowing (best band counts); masts are independent (correlation neglected)",
    ),
    "assume_flat": (
        "平地缓冲区：每个频段和区域类型一个公开公式，只在适用范围内使用；近于下限按下限取值，远于上限按无信号",
        "flat-terrain buffers: one published formula per band and class, used only inside its range; nearer "
        "than its lower end the value there is used, beyond its upper end nothing",
    ),
    "assume_terrain": (
        "地形：中值损耗＝自由空间＋Bullington 绕射（ITU-R P.1812-8 §4.3.1，DEM 原分辨率剖面，"
        "50 % 时间和地点）；区域"
        "类型公式只用于阴影标准差和缓冲区；阴影只计一次",
        "terrain: median loss = free space and Bullington diffraction (ITU-R P.1812-8 section 4.3.1, on the "
        "DEM's own pixels, 50 % of time and places); the class's formula only gives the spread of shadowing "
        "and the buffers; shadowing counts once",
    ),
    "assume_clutter_profile": (
        "地物：高度叠加在剖面上（P.1812），接收点自身地物立在其前一个街宽处；不再另加末端损耗",
        "clutter: heights stand in the profile (P.1812), the phone's own a street's width before it; no end "
        "loss is added",
    ),
    "assume_clutter_end_loss": (
        "地物：剖面为裸地，手机一端加 P.2108 末端损耗",
        "clutter: bare profile, and the end loss of P.2108 at the phone",
    ),
    "assume_clutter_none": ("地物：不计", "clutter: none"),
    "assume_uplink": (
        "门限取下行门限与“每 RE 的 EIRP − 上行最大损耗”中较高者（给出上行预算的频段）",
        "thresholds are the higher of the downlink's and EIRP per RE less the uplink's largest loss (for "
        "bands with an uplink budget)",
    ),
    "assume_omni": (
        "工参给出方位角的按 TR 38.901 表 7.3-1 方向图，最好的扇区计；未给出的和新建站"
        "按全向、主瓣增益计（偏乐观）",
        "sectors with an azimuth have the pattern of TR 38.901 Table 7.3-1, the best one counts; those "
        "without, and new stations, radiate their boresight gain all round (optimistic)",
    ),
    "assume_near": (
        "距基站 250 m 以内 P.1812 不适用，按单刃峰绕射计算",
        "nearer than 250 m, where P.1812 does not hold, the bare knife edge is used",
    ),
    "assume_mean": (
        "需求像元的概率为其中各 DEM 像元概率的平均，按 1/255 取整",
        "the probability of a demand pixel is the mean over its DEM pixels, in steps of 1/255",
    ),
    "assume_point": (
        "村点和重点场所按各自的精确剖面计算；同一像元有多个点时取较差者",
        "villages and key places have exact profiles of their own; of several in one pixel the worst counts",
    ),
    "assume_floor": (
        "概率低于 probability_floor 的信号按零计",
        "a mast gives nothing where P is below probability_floor",
    ),
    "assume_pixel": (
        "村点和重点场所取其所在需求像元的值",
        "a village point or key place takes the value of its demand pixel",
    ),
    # --- reasons -------------------------------------------------------------------------------
    "reason": (
        "{source_type}：{network_bands}，挂高{height:g}米；{gains}{villages}{notes}。",
        "{source_type}: {network_bands}, antenna {height:g} m; {gains}{villages}{notes}.",
    ),
    "reason_people": ("新增覆盖居民{people}人", "{people} people newly covered"),
    "reason_network": (
        "补齐单网覆盖{people}人次",
        "{people} person-networks brought to basic coverage",
    ),
    "reason_layer": (
        "“{name}”期望增加{people}人次",
        "'{name}' up by {people} expected person-networks",
    ),
    "reason_probability": (
        "覆盖权重期望增加{people}",
        "expected covered weight up by {people}",
    ),
    "reason_villages": (
        "，新通村{count}个（{names}）",
        ", {count} villages newly served ({names})",
    ),
    "reason_join": ("、", ", "),
    "reason_note": ("；注意：{note}", "; note: {note}"),
    "new_site": ("新址·{place}", "new site, {place}"),
    # --- source_types and statuses ---------------------------------------------------------------------
    "rung_1": ("①存量站址改造", "(1) upgrade of an existing site"),
    "rung_2": ("②规划或需求单未建点", "(2) unbuilt entry of the site plan, or demand order"),
    "rung_3": ("③已开放公共物业", "(3) opened public property"),
    "rung_4": ("④社会杆塔资源", "(4) shared pole or tower"),
    "rung_5": ("⑤新建落地站", "(5) new ground site"),
    "sensitive_zone": ("（管控区）", "(restricted area)"),
    "status_NEGOTIATING": ("谈点中", "negotiating"),
    "status_AGREED": ("业主同意", "owner agreed"),
    "status_SIGNED": ("已签约", "signed"),
    "status_BUILDING": ("在建", "under construction"),
    "status_ON_AIR": ("开通", "on air"),
    "status_REFUSED": ("业主拒绝", "owner refused"),
    "status_INFEASIBLE": ("不可建", "cannot be built"),
    "status_WITHDRAWN": ("撤销", "withdrawn"),
    "status_MOVED": ("改址", "moved"),
    "status_PROPOSED": ("建议", "proposed"),
    "means_PROPOSED": ("规划建议的点，还没有联系业主", "planned; nobody has talked to the owner"),
    "means_NEGOTIATING": ("正在与业主谈", "the owner is being talked to"),
    "means_AGREED": ("业主口头或书面同意，合同未签", "the owner agrees; nothing is signed"),
    "means_SIGNED": ("合同已签；以后的规划保留此点", "signed; later plans keep the place"),
    "means_BUILDING": ("已进场施工；以后的规划保留此点", "being built; later plans keep the place"),
    "means_ON_AIR": ("已开通；计入已建", "on air; counts as built"),
    "means_REFUSED": (
        "业主拒绝，须填原因；以后的规划避开此点及附近",
        "refused, with a reason; later plans keep away",
    ),
    "means_INFEASIBLE": ("技术上不可建，须填原因", "cannot be built, with a reason"),
    "means_WITHDRAWN": ("需求撤销，须填原因", "no longer wanted, with a reason"),
    "status_CANDIDATE": ("备选", "candidate"),
    "status_EXCLUDED": ("不可用", "excluded"),
    # --- what comes back from the field ---------------------------------------------------------
    "no_status": ("“{value}”不是状态", "'{value}' is no status"),
    "no_status_fix": (
        "从下拉表中选，或填：谈点中、业主同意、已签约、在建、开通、业主拒绝、不可建、撤销、改址",
        "choose from the list, or write PROPOSED, NEGOTIATING, AGREED, SIGNED, BUILDING, ON_AIR, "
        "REFUSED, INFEASIBLE, WITHDRAWN or MOVED",
    ),
    "no_datum": ("“{value}”不是坐标系", "'{value}' is no datum"),
    "no_datum_fix": (
        "填 WGS84、CGCS2000、GCJ-02（高德、腾讯、微信）或 BD-09（百度）",
        "write WGS84, CGCS2000, GCJ-02 (Amap, WeChat) or BD-09 (Baidu)",
    ),
    "half_a_point": ("只填了一个坐标", "only one of the two coordinates is there"),
    "half_a_point_fix": ("经度、纬度都填，或都不填", "fill in both, or neither"),
    "pin_without_id": ("标注“{value}”里没有候选编号", "the pin '{value}' names no candidate"),
    "pin_without_id_fix": (
        "移动原有标注，不要新建；新址请写进备注或规划表",
        "move the pins that are there; a new place belongs into the remarks or the site plan",
    ),
    "no_return_form": (
        "不是回执：没有候选编号和状态列（{found}）",
        "no return form: there is no candidate id with a status ({found})",
    ),
    "no_return_form_fix": (
        "请交回《候选站址》表、地图导出的回执或移动过标注的 KMZ",
        "send the filled list, the map's export, or the KMZ with moved pins",
    ),
    "unknown_candidate": (
        "候选编号 {candidate} 不在本次清单中",
        "the candidate {candidate} is not in this list",
    ),
    "unknown_candidate_fix": (
        "核对编号，或指定发出该表时的结果文件夹",
        "check the id, or name the run the form was sent from",
    ),
    "not_listed": (
        "{candidate} 在本次规划中未被采用，未列入清单",
        "{candidate} was considered but is not in the list",
    ),
    "not_listed_fix": (
        "核对编号；改用备选点请先在规划表中增加该点",
        "check the id; to use an alternate, put it into the site plan first",
    ),
    "no_reporter": ("没有反馈人", "nobody reports this"),
    "no_reporter_fix": ("填写反馈人，或用 --reporter 指定", "fill in who reports, or use --reporter"),
    "locked_cell": (
        "锁定内容被改动：“{issued}”改成了“{value}”",
        "a locked cell was changed from '{issued}' to '{value}'",
    ),
    "locked_cell_fix": (
        "已按发出的内容处理；位置变化请填实际经纬度",
        "taken as it was issued; fill in the real coordinates where the place has moved",
    ),
    "other_run": (
        "属于另一次规划 {value}（现为 {found}）",
        "is about another run, {value} (this is {found})",
    ),
    "other_run_fix": (
        "编号不变，已按编号对应；请核对地点",
        "ids stay the same and were matched; look whether it is the same place",
    ),
    "no_longer_listed": (
        "{candidate} 已不在本次清单中，按日志处理",
        "{candidate} is no longer in the list; taken by the journal",
    ),
    "no_longer_listed_fix": ("核对是否仍要建设", "see whether it is still to be built"),
    "datum_suspect": (
        "坐标疑似 {found} 而非 {value}：该文件 {count} 个点距规划点中位 {distance} 米，按 "
        "{found} 换算后 {nearer} 米",
        "coordinates look like {found}, not {value}: the file's {count} points lie {distance} m "
        "from the plan (median), {nearer} m when read as {found}",
    ),
    "datum_suspect_fix": (
        "在“坐标系”列改填 {found} 后重新交回；确认无误则用 --take 采用",
        "write {found} into the column of the datum and send it again; if it is right, take it with --take",
    ),
    "returns_conflict": (
        "与 {other} 的反馈（{value}，{where}）相互矛盾",
        "contradicts what {other} reports ({value}, {where})",
    ),
    "returns_conflict_fix": ("核实后用 --take 采用其中一条", "find out, then take one of them with --take"),
    "moved_nowhere": ("登记为改址，但没有实际经纬度", "is said to have moved, but not where to"),
    "moved_nowhere_fix": ("填写实际经度、实际纬度和坐标系", "fill in the real coordinates and their datum"),
    "outside_ring": (
        "实际位置距规划点 {distance} 米，超出搜索半径 {ring} 米",
        "the place is {distance} m from the plan, outside its search ring of {ring} m",
    ),
    "outside_ring_fix": (
        "核对坐标；确要采用请用 --take，否则作为新点写进规划表",
        "check the coordinates; take it with --take, or put it into the site plan as a new place",
    ),
    "upgrade_moved": ("存量站址不能改址", "a site that stands already cannot be moved"),
    "upgrade_moved_fix": (
        "若现网坐标有误，请更正现网基站表",
        "correct the table of stations if its coordinates are wrong",
    ),
    "journal_conflict": (
        "报为{found}，而日志中 {other} 已报{value}",
        "says {found}, but {other} has reported {value}",
    ),
    "journal_conflict_fix": (
        "核实后用 --take 采用，或用 siteplan undo 撤销日志中的事件",
        "find out, then take it with --take, or take back the event of the journal with siteplan undo",
    ),
    "older_news": ("报为{found}，现已是{value}", "says {found}; it is {value} by now"),
    "older_news_fix": ("不作处理", "nothing is done"),
    "exit_without_reason": ("报为{found}但没有原因", "says {found} without a reason"),
    "exit_without_reason_fix": ("填写原因后重新交回", "fill in the reason and send it again"),
    "back_without_reason": (
        "从{value}退回{found}但没有原因",
        "goes back from {value} to {found} without a reason",
    ),
    "back_without_reason_fix": ("填写原因后重新交回", "fill in the reason and send it again"),
    "fixed_over_quota": (
        "已签约和在建共 {fixed} 个基站，超过剩余指标 {limit}（{value}）",
        "{fixed} stations are signed or under construction, more than the {limit} left ({value})",
    ),
    "fixed_over_quota_fix": ("这些站点照常保留；请核对指标", "they are kept; check the quota"),
    "journal_fork": (
        "{candidate} 的日志中有两条互相矛盾的记录：{one} 与 {other}",
        "the journal of {candidate} holds two stories: {one} and {other}",
    ),
    "journal_fork_fix": (
        "核实后用 siteplan undo 撤销其中一条；在此之前两条都不算",
        "find out and take one back with siteplan undo; until then neither counts",
    ),
    "rule_REFUSED": ("业主拒绝（{date}）：{reason}", "the owner refused ({date}): {reason}"),
    "rule_INFEASIBLE": ("不可建（{date}）：{reason}", "cannot be built ({date}): {reason}"),
    "rule_WITHDRAWN": ("已撤销（{date}）：{reason}", "withdrawn ({date}): {reason}"),
    "rule_on_air": ("已开通（{date}）", "on air since {date}"),
    "rule_cooling": (
        "距被拒绝的 {other} 仅 {distance} m（{date}），在 {radius} m 冷却半径内",
        "{distance} m from {other}, which was refused ({date}), within the cooling radius of {radius} m",
    ),
    "note_moved": ("已按反馈改址 {distance} 米（{date}）", "moved {distance} m as reported ({date})"),
    "why_kept": ("保留（{status}）", "kept ({status})"),
    "why_moved": ("按反馈改址", "moved as reported"),
    "why_replaced": (
        "{other} 放弃（{why}），由其搜索圈内的点接替",
        "takes the place of {other} ({why}) inside its ring",
    ),
    "why_outdone": ("可用，但其他点收益更高", "usable, but others bring more"),
    "why_not_there": ("已不在本次输入或范围中", "no longer among the inputs or in the area"),
    "why_new": ("新增：收益更高", "new: brings more"),
    "why_new_near": (
        "接替 {distance} m 外放弃的 {other}（{why}）",
        "stands in for {other}, {distance} m away ({why})",
    ),
    "undone": ("已撤销：{candidate} {status}（{who}）", "taken back: {candidate} {status} ({who})"),
    "verdict_accepted": ("已采用", "taken"),
    "verdict_known": ("早已采用", "taken before"),
    "verdict_unchanged": ("无变化", "nothing new"),
    "verdict_agrees": ("与现状一致", "known already"),
    "verdict_behind": ("旧消息", "older news"),
    "verdict_held": ("待确认", "waits for a person"),
    "verdict_rejected": ("未采用", "not taken"),
    "synthetic": (
        "演示数据：含合成数据，不代表真实情况",
        "DEMO: contains synthetic data, not the real situation",
    ),
}


def say(key: str, lang: Lang = "zh", /, **values: object) -> str:
    """Text of a key in one language.

    Parameters
    ----------
    key
        Entry of the catalogue.
    lang
        ``"zh"`` or ``"en"``.
    **values
        What the braces of the text take.

    Returns
    -------
    str
        The filled text.

    Raises
    ------
    KeyError
        If the key is not in the catalogue.

    Examples
    --------
    >>> say("not_number", "en", value="abc")
    "'abc' is not a number"
    """
    told = {name: say(str(v), lang) if isinstance(v, Key) else v for name, v in values.items()}
    return _TEXTS[key][0 if lang == "zh" else 1].format(**told)


def either(chinese: str, english: str, lang: str) -> str:
    """One of two wordings, for a word that stands in one place only [str]."""
    return english if lang == "en" else chinese
