"""What a spreadsheet's cells hold beside their values: formulas nobody computed, errors, hidden rows and
columns, values struck through, and numbers shown with zeros of their own.

A reader of values sees a blank cell where there is an error or a formula without a stored result; here they
keep their text, so that a later step can name them instead of losing them.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import xlrd
from lxml import etree

ERROR_TEXT = re.compile(
    r"#(?:¡|¿)?(?:REF|VALUE|NAME|DIV/0|NUM|NULL|SPILL|CALC|BEZUG|WERT|ZAHL|VALOR|NOMBRE|NOM|VALEUR|¡DIV/0|NOME)[!?]"
    r"|#(?:N/A|NV|N/D|GETTING_DATA|WERT!|DIV/0!)|Err:5\d\d"
)
"""What spreadsheets write into a cell that failed."""
FORMULA_TEXT = re.compile(
    r"=\s*[+-]?\s*(?:_xlfn\.)?[A-Z][A-Z0-9.]*\(.*\)\s*"
    r"|=\s*[+-]?\s*(?:'[^']+'!|[\w.\[\]]+!)?\$?[A-Z]{1,3}\$?\d+(?:\s*[-+*/&]\s*\$?[A-Z0-9$.\"]+)*\s*",
    re.DOTALL,
)
"""A formula that came out as its own text."""
_SHOWN = re.compile(r"(?=(?:.*0){2})(?:0|-|/| |\\.|_.|\"[^\"]*\"){2,60}|0\.00")
"""Formats whose digits a value alone does not keep: leading zeros, and 2023.10 for a month."""
_BUILT_IN = {"2": "0.00"}
"""Formats a workbook need not spell out, by number."""
_CELL = re.compile(r"([A-Z]+)(\d+)")
_MOST_MARKS = 2_000_000
_XLRD_FAILS = (xlrd.XLRDError, xlrd.compdoc.CompDocError)

At = tuple[int, int]
"""Row and column of a cell, from 0."""


@dataclass(frozen=True, eq=False)
class SheetMarks:
    """Marks of one sheet.

    Attributes
    ----------
    unread
        Text of cells whose value is unknown: an error, or a formula that was never computed.
    hidden_rows, hidden_columns
        Numbers from 0.
    shown
        Formats of numbers whose zeros the value does not keep: "000000", "0.00".
    struck
        Filled cells whose font is struck through.
    """

    unread: Mapping[At, str] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    shown: Mapping[At, str] = field(default_factory=dict)
    struck: frozenset[At] = frozenset()


NO_MARKS = SheetMarks()


def is_unread(text: str) -> bool:
    """Whether a text stands for a value that was never computed [bool].

    Examples
    --------
    >>> [is_unread(text) for text in ("#REF!", '=VLOOKUP(A2,总表!A:C,3,0)', "=cmd|' /C calc'!A0", "已建")]
    [True, True, False, False]
    """
    return bool(ERROR_TEXT.fullmatch(text) or FORMULA_TEXT.fullmatch(text))


class MarksUnreadable(ValueError):
    """A binary workbook of a make whose marks cannot be read, though its values can."""


def shown_as(cell: object, code: str) -> object:
    """A number as its format shows it, where that says more than the value.

    Examples
    --------
    >>> shown_as(42.0, "000000"), shown_as(2023.1, "0.00"), shown_as(35.5, "0.00")
    ('000042', '2023.10', 35.5)
    >>> shown_as(12.0, '"ZJ"0000'), shown_as(12345.0, "000-000")
    ('ZJ0012', '012-345')
    """
    if not isinstance(cell, int | float) or isinstance(cell, bool):
        return cell
    if code == "0.00":
        return f"{cell:.2f}" if 1900.0 < cell < 2100.0 and cell != int(cell) else cell
    return _in_places(str(int(cell)), code) if cell == int(cell) and cell >= 0 else cell


def _in_places(digits: str, code: str) -> str:
    """Digits put into the places of a format from the right; letters of the format stay."""
    parts = re.findall(r"0|\"[^\"]*\"|\\.|_.|.", code)
    shown: list[str] = []
    left = list(digits)
    for part in reversed(parts):
        if part == "0":
            shown.append(left.pop() if left else "0")
        elif part[0] != "_":
            shown.append(part.strip('"').lstrip("\\"))
    return ("".join(left) + "".join(reversed(shown))).strip()


def marks_of(path: Path) -> dict[str, SheetMarks]:
    """Marks of every sheet of a workbook, by its name; sheets without any may be missing.

    Parameters
    ----------
    path
        .xlsx, .xlsm, .ods, .xls or .et; the file decides by its first bytes.

    Raises
    ------
    MarksUnreadable
        For a binary workbook that xlrd cannot read.
    """
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return _marks_of_xls(path)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if "content.xml" in names:
            return _marks_of_ods(archive)
        sheet_styles = _root(archive, "xl/styles.xml") if "xl/styles.xml" in names else etree.Element("none")
        styles, struck = _shown_styles(sheet_styles), _struck_styles(sheet_styles)
        return {name: _marks_of_sheet(archive, part, styles, struck) for name, part in _parts(archive)}


# --- .xlsx -------------------------------------------------------------------------------------------


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Names of the sheets and where they stand in the archive."""
    names = set(archive.namelist())
    book = "xl/workbook.xml"
    if not {book, "xl/_rels/workbook.xml.rels"} <= names:
        return
    targets = {each.get("Id"): each.get("Target") for each in _root(archive, "xl/_rels/workbook.xml.rels")}
    for sheet in _root(archive, book).iter("{*}sheet"):
        link = next((value for key, value in sheet.attrib.items() if etree.QName(key).localname == "id"), "")
        target = targets.get(link) or ""
        part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
        if part in names:
            yield sheet.get("name", ""), part


def _root(archive: zipfile.ZipFile, name: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(archive.read(name), parser)


def _shown_styles(styles: Any) -> dict[str, str]:
    """Formats that keep zeros, by style."""
    codes = {each.get("numFmtId"): each.get("formatCode", "") for each in styles.iter("{*}numFmt")}
    formats = next(iter(styles.iter("{*}cellXfs")), ())
    known = _BUILT_IN | codes
    shown = {str(n): known.get(each.get("numFmtId"), "") for n, each in enumerate(formats)}
    plain = {n: re.sub(r"\[[^\]]*\]", "", code).split(";")[0] for n, code in shown.items()}
    return {n: code for n, code in plain.items() if _SHOWN.fullmatch(code)}


def _struck_styles(styles: Any) -> frozenset[str]:
    """Styles whose font is struck through."""
    fonts = next(iter(styles.iter("{*}fonts")), ())
    struck = {str(n) for n, font in enumerate(fonts) if _is_on(font.find("{*}strike"))}
    formats = next(iter(styles.iter("{*}cellXfs")), ())
    return frozenset(str(n) for n, each in enumerate(formats) if each.get("fontId") in struck)


def _is_on(switch: Any) -> bool:
    """Whether an element that may carry ``val="0"`` switches something on."""
    return switch is not None and switch.get("val", "1") not in ("0", "false")


def _elements(file: IO[bytes], *names: str) -> Iterator[Any]:
    """Elements of a stream by local name, each forgotten once it was looked at."""
    tags = [f"{{*}}{name}" for name in names]
    for _, each in etree.iterparse(file, tag=tags, resolve_entities=False, no_network=True, load_dtd=False):
        yield each
        each.clear(keep_tail=False)
        while each.getprevious() is not None and each.getparent() is not None:
            del each.getparent()[0]


def _marks_of_sheet(
    archive: zipfile.ZipFile, part: str, styles: dict[str, str], struck_styles: frozenset[str]
) -> SheetMarks:
    unread: dict[At, str] = {}
    shown: dict[At, str] = {}
    struck: set[At] = set()
    rows: set[int] = set()
    columns: set[int] = set()
    number = -1
    with archive.open(part) as file:
        for each in _elements(file, "row", "col"):
            if etree.QName(each).localname == "col":
                columns |= _hidden_columns(each)
                continue
            number = int(each.get("r", number + 2)) - 1
            if each.get("hidden") in ("1", "true"):
                rows.add(number)
            for at, cell in _cells(each, number):
                if text := _unread_text(cell):
                    unread[at] = text
                elif cell.get("s") in styles and cell.get("t", "n") == "n":
                    shown[at] = styles[cell.get("s")]
                if cell.get("s") in struck_styles and len(cell):
                    struck.add(at)
            if len(unread) + len(shown) + len(struck) > _MOST_MARKS:
                break
    return SheetMarks(unread, frozenset(rows), frozenset(columns), shown, frozenset(struck))


def _hidden_columns(element: Any) -> set[int]:
    """Columns of a range that are hidden; ranges reach to the last possible column."""
    if element.get("hidden") not in ("1", "true"):
        return set()
    first, last = int(element.get("min", 1)), int(element.get("max", 1))
    return set(range(first - 1, min(last, first + 1000)))


def _cells(row: Any, number: int) -> Iterator[tuple[At, Any]]:
    column = -1
    for cell in row.iterchildren("{*}c"):
        found = _CELL.fullmatch(cell.get("r", ""))
        column = _column(found[1]) if found else column + 1
        yield (number, column), cell


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _unread_text(cell: Any) -> str:
    """Error or formula of a cell whose value is unknown, else ""."""
    formula, value = cell.find("{*}f"), cell.find("{*}v")
    text = (value.text or "") if value is not None else ""
    if cell.get("t") == "e":
        return text or "#N/A"
    if formula is None or text or (cell.get("t") == "str" and value is not None):
        return ""
    return f"={formula.text or ''}"


# --- .ods --------------------------------------------------------------------------------------------


def _marks_of_ods(archive: zipfile.ZipFile) -> dict[str, SheetMarks]:
    """Hidden rows, errors and formulas without a result of every sheet."""
    found: dict[str, SheetMarks] = {}
    struck: set[str] = set()
    with archive.open("content.xml") as file:
        for each in _elements(file, "style", "table"):
            if etree.QName(each).localname == "table":
                found[_attribute(each, "name")] = _marks_of_table(each, frozenset(struck))
            elif any(_attribute(part, "text-line-through-style") not in ("", "none") for part in each):
                struck.add(_attribute(each, "name"))
    return found


def _attribute(element: Any, name: str) -> str:
    """An attribute whatever its namespace, "" without it."""
    return next((v for k, v in element.attrib.items() if etree.QName(k).localname == name), "")


def _marks_of_table(table: Any, struck_styles: frozenset[str]) -> SheetMarks:
    unread: dict[At, str] = {}
    struck: set[At] = set()
    hidden: set[int] = set()
    number = 0
    for row in table.iter("{*}table-row"):
        count = int(_attribute(row, "number-rows-repeated") or 1)
        if _attribute(row, "visibility") in ("collapse", "filter"):
            hidden |= set(range(number, number + min(count, 100_000)))
        column = 0
        for cell in row.iterchildren("{*}table-cell", "{*}covered-table-cell"):
            if text := _unread_text_of_ods(cell):
                unread[number, column] = text
            if _attribute(cell, "style-name") in struck_styles and len(cell):
                struck.add((number, column))
            column += int(_attribute(cell, "number-columns-repeated") or 1)
        number += count
    return SheetMarks(unread, frozenset(hidden), struck=frozenset(struck))


def _unread_text_of_ods(cell: Any) -> str:
    """Error or formula of a cell whose value is unknown, else ""."""
    formula = _attribute(cell, "formula").removeprefix("of:")
    text = "".join(cell.itertext()).strip()
    if _attribute(cell, "value-type") == "error" or ERROR_TEXT.fullmatch(text):
        return text or formula
    has_value = any(_attribute(cell, name) for name in ("value", "date-value", "time-value", "boolean-value"))
    is_text = _attribute(cell, "value-type") == "string" and (text or "string-value" in str(cell.attrib))
    return formula if formula and not has_value and not is_text else ""


# --- .xls --------------------------------------------------------------------------------------------


def _marks_of_xls(path: Path) -> dict[str, SheetMarks]:
    """Errors, hidden rows and columns, and zeros of the binary format, whose formulas are always computed."""
    try:
        with xlrd.open_workbook(str(path), formatting_info=True, on_demand=True, logfile=_Silent()) as book:
            return {name: _marks_of_xls_sheet(book, book.sheet_by_name(name)) for name in book.sheet_names()}
    except (*_XLRD_FAILS, struct.error, AssertionError, IndexError, KeyError, TypeError, ValueError) as error:
        raise MarksUnreadable(str(error)) from error


class _Silent:
    """A stream that says nothing: xlrd writes what it doubts to one."""

    def write(self, text: str) -> int:
        """Take a text and drop it."""
        return len(text)


def _marks_of_xls_sheet(book: Any, sheet: Any) -> SheetMarks:
    unread: dict[At, str] = {}
    shown: dict[At, str] = {}
    struck: set[At] = set()
    struck_styles = {n for n, style in enumerate(book.xf_list) if book.font_list[style.font_index].struck_out}
    for row in range(sheet.nrows):
        for column, kind in enumerate(sheet.row_types(row)):
            is_filled = kind not in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK)
            if is_filled and struck_styles and sheet.cell_xf_index(row, column) in struck_styles:
                struck.add((row, column))
            if kind == xlrd.XL_CELL_ERROR:
                code = sheet.cell_value(row, column)
                unread[row, column] = xlrd.error_text_from_code.get(code, "#N/A")
            elif kind == xlrd.XL_CELL_NUMBER:
                style = book.xf_list[sheet.cell_xf_index(row, column)]
                code = book.format_map[style.format_key].format_str
                plain = re.sub(r"\[[^\]]*\]", "", code).split(";")[0]
                if _SHOWN.fullmatch(plain):
                    shown[row, column] = plain
    rows = frozenset(n for n, info in sheet.rowinfo_map.items() if info.hidden)
    columns = frozenset(n for n, info in sheet.colinfo_map.items() if info.hidden)
    return SheetMarks(unread, rows, columns, shown, frozenset(struck))
