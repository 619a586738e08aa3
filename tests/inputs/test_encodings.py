"""Text of any encoding, with what deceives a guess: Western names, rare hanzi, broken bytes."""

import pandas as pd
import pytest
from worlds.lists import HEAD, ROWS, checked, csv, frame, kml_of, names, notes, read, said, text

from siteplan.core.errors import InputFaults
from siteplan.inputs.files.readers import decode


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_western_names_of_a_shapefile_without_cpg_stay_western(tmp_path):
    places = frame().assign(name=["Sölden", "Längenfeld"]).drop(columns="站址名称")
    places.to_file(tmp_path / "at.shp", encoding="cp1252")
    (tmp_path / "at.cpg").unlink()
    assert checked(tmp_path / "at.shp").frame["pole_name"].tolist() == ["Sölden", "Längenfeld"]


def test_broken_bytes_are_named_cell_by_cell(tmp_path):
    content = csv([HEAD, *[(f"好的名字很多{n}", 113, 25) for n in range(40)]]).encode("gb18030")
    path = tmp_path / "broken.csv"
    path.write_bytes(content + "坏".encode("gb18030")[:1] + b"\xff,113.1,25.1\r\n")
    raw = read(path)
    assert [(fault.problem, fault.row, fault.severity) for fault in raw.notes] == [
        ("broken_text", 42, "warning")
    ]
    assert len(raw.frame) == 41


def test_nul_bytes_are_said(tmp_path):
    raw = read(text(tmp_path / "nul.csv", csv([HEAD, ("坪石\x00镇站", 113.05, 25.29)])))
    assert raw.frame["站址名称"].tolist() == ["坪石镇站"]
    assert notes(raw) == [("nul_bytes", "", None)]


def test_an_open_quotation_mark_is_told_with_its_line(tmp_path):
    lines = csv([HEAD, *ROWS, ('"坪石', 113.05, 25.29), *ROWS * 4])
    with pytest.raises(InputFaults) as caught:
        read(text(tmp_path / "quote.csv", lines))
    assert caught.value.faults[0].problem == "open_quote"
    assert caught.value.faults[0].values["row"] == 4


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16", "utf-8-sig"])
def test_chinese_text_is_decoded_whatever_wrote_it(encoding):
    assert decode("韶关市乳源瑶族自治县".encode(encoding)) == "韶关市乳源瑶族自治县"


WESTERN = ["Hauptstraße", "Évian", "Baulé", "Forêt d'Orée", "Sölden", "Gschnaiß"]

LATIN_INSIDE = ["坪石A塔b站", "梅花镇x东a站", "甲栋b座", "联通", "5G扩容点b"]


@pytest.mark.parametrize("name", WESTERN)
def test_a_western_list_stays_western(name, tmp_path):
    content = f"name;lon;lat\r\n{name};11,0;46,9\r\nImst;10,7;47,2\r\n"
    assert names(checked(text(tmp_path / "a.csv", content, "cp1252"))) == [name, "Imst"]


@pytest.mark.parametrize("name", WESTERN)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_western_shapefile_without_cpg_stays_western(name, tmp_path):
    western = frame().assign(name=[name, "Imst"]).drop(columns="站址名称")
    western.to_file(tmp_path / "at.shp", encoding="cp1252")
    (tmp_path / "at.cpg").unlink()
    assert names(checked(tmp_path / "at.shp")) == [name, "Imst"]


@pytest.mark.parametrize("name", LATIN_INSIDE)
def test_a_chinese_list_with_letters_in_its_names_stays_chinese(name, tmp_path):
    found = checked(text(tmp_path / "a.csv", csv([HEAD, (name, 113.1, 25.1), *ROWS]), "gbk"))
    assert names(found) == [name, *[row[0] for row in ROWS]]


@pytest.mark.parametrize("name", LATIN_INSIDE)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_chinese_shapefile_with_letters_in_its_names_stays_chinese(name, tmp_path):
    frame().assign(站址名称=[name, "梅花镇站"]).to_file(tmp_path / "a.shp", encoding="gbk")
    (tmp_path / "a.cpg").unlink()
    assert names(checked(tmp_path / "a.shp")) == [name, "梅花镇站"]


def test_one_broken_character_does_not_spoil_a_short_utf8_list(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(csv([HEAD, *ROWS]).encode() + "坪".encode()[:2] + b",113.3,25.3\r\n")
    found = checked(path)
    assert names(found)[:2] == [row[0] for row in ROWS]
    assert said(found, "warning") == [("broken_text", 4)]


def test_an_id_a_system_wrote_as_a_formula_is_the_id(tmp_path):
    rows = [["站址编码", *HEAD], ['"=""000123"""', *ROWS[0]]]
    assert checked(text(tmp_path / "a.csv", csv(rows))).frame["pole_id"].tolist() == ["000123"]


RARE = ["㙟仔塘站", "𠮷祥站", "坪石€站", "䶮村站"]
"""Signs that GBK lacks and GB18030 has, some with four bytes; place names of Guangdong have such hanzi."""


@pytest.mark.parametrize("name", RARE)
def test_rare_hanzi_of_gb18030_are_kept(name, tmp_path):
    path = text(tmp_path / "a.csv", csv([HEAD, (name, 113.1, 25.1), *ROWS]), "gb18030")
    assert names(checked(path)) == [name, *[row[0] for row in ROWS]]


UNICODE = {
    "little end with mark": (b"\xff\xfe", "utf-16-le"),
    "big end with mark": (b"\xfe\xff", "utf-16-be"),
    "little end without": (b"", "utf-16-le"),
    "big end without": (b"", "utf-16-be"),
}


@pytest.mark.parametrize("suffix", ["txt", "xls"])
@pytest.mark.parametrize("kind", UNICODE)
def test_unicode_text_of_a_spreadsheet_is_read_with_and_without_its_mark(kind, suffix, tmp_path):
    mark, encoding = UNICODE[kind]
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(mark + csv([HEAD, *ROWS], "\t").encode(encoding))
    found = checked(path)
    assert (found.frame.get("pole_name", pd.Series()).tolist(), found.faults) == ([r[0] for r in ROWS], ())


def test_broken_bytes_of_several_rows_are_named_row_by_row(tmp_path):
    lines = [f"好的名字很多很多{n}".encode("gb18030") for n in range(12)]
    lines[3], lines[7] = lines[3] + b"\xff", b"\xff" + lines[7]
    path = tmp_path / "a.csv"
    body = b"".join(line + b",113.1234,25.1234\r\n" for line in lines)
    path.write_bytes(csv([HEAD]).encode("gb18030") + body)
    found = checked(path)
    assert len(found.frame) == 12
    assert said(found, "warning") == [("broken_text", 5), ("broken_text", 9)]


def test_vector_text_that_its_format_forbids_is_refused_and_never_garbled(tmp_path):
    with pytest.raises(InputFaults) as caught:
        checked(text(tmp_path / "a.geojson", frame().to_json(ensure_ascii=False), "gb18030"))
    assert [fault.problem for fault in caught.value.faults] == ["unreadable"]


def test_a_kml_in_the_encoding_it_declares_is_read(tmp_path):
    start = '<?xml version="1.0" encoding="GB2312"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
    found = checked(text(tmp_path / "a.kml", f"{start}{kml_of(ROWS)}</Document></kml>", "gb18030"))
    assert found.frame["pole_name"].tolist() == [row[0] for row in ROWS]
