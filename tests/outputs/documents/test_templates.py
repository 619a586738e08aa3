"""Word templates an office has made its own: moved sections, own sentences, and what is wrong named."""

import io
import shutil

import docx
import pytest
from worlds.papers import squeezed, word_text

from siteplan.api.documents import DocumentOrder, report
from siteplan.core.errors import SiteplanError
from siteplan.outputs.documents.docx import document_docx
from siteplan.outputs.documents.docx_template import SECTIONS, docx_template
from siteplan.outputs.documents.numbers import count
from siteplan.outputs.documents.report import report as report_of
from siteplan.words.catalogue import translate


@pytest.fixture(scope="module")
def document(view):
    return report_of(view)


def edited(change, kind="report"):
    """siteplan's template after somebody opened it in Word."""
    file = docx.Document(io.BytesIO(docx_template(kind, "zh")))
    change(file)
    target = io.BytesIO()
    file.save(target)
    return target.getvalue()


def paragraph_with(file, text):
    return next(each for each in file.paragraphs if text in each.text)


def written(document, content, tmp_path):
    """The document in a template, and where it is."""
    template = tmp_path / "模板.docx"
    template.write_bytes(content)
    result = document_docx(document, template)
    target = tmp_path / "out.docx"
    target.write_bytes(result.content)
    return result, target


def test_an_office_adds_its_letterhead_and_a_figure(document, view, tmp_path):
    def change(file):
        paragraph_with(file, "{{ title }}").insert_paragraph_before("某某市工业和信息化局文件")
        file.add_paragraph("我市今年要建 {{ remaining }} 个。")

    result, target = written(document, edited(change), tmp_path)
    text = squeezed(word_text(target))
    assert "某某市工业和信息化局文件" in text
    assert squeezed(f"我市今年要建 {count(view.proposal.record.remaining)} 个。") in text
    assert not result.left_out


def test_sections_stand_where_the_office_has_put_them(document, tmp_path):
    def change(file):
        first, annex = paragraph_with(file, "{{p summary }}"), paragraph_with(file, "{{p annex }}")
        first.text, annex.text = "{{p annex }}", "{{p summary }}"

    _, target = written(document, edited(change), tmp_path)
    asked = next(
        block.text
        for s in document.sections
        if s.name == "summary"
        for block in s.blocks
        if hasattr(block, "text")
    )
    body = [paragraph.text for paragraph in docx.Document(str(target)).paragraphs]
    assert body.index(asked) > body.index(translate("doc_report_method", "zh"))


def test_a_section_without_a_place_is_told(document, tmp_path):
    def change(file):
        paragraph_with(file, "{{p villages }}").text = ""
        paragraph_with(file, "{%p if villages %}").text = "{%p if true %}"

    result, _ = written(document, edited(change), tmp_path)
    assert result.left_out == (translate("doc_report_villages", "zh"),)


def test_a_placeholder_that_does_not_exist_is_named_with_the_likest(document, tmp_path):
    with pytest.raises(SiteplanError) as error:
        written(document, edited(lambda file: file.add_paragraph("{{ remainig }}")), tmp_path)
    assert error.value.key == "template_unknown"
    assert error.value.values["names"] == ("remainig",)
    assert "remaining" in error.value.values["found"]


@pytest.mark.parametrize("text", ["{{ remaining", "{% if remaining %}", "{{ remaining | nothing }}"])
def test_a_broken_placeholder_is_an_error_with_the_file(document, tmp_path, text):
    with pytest.raises(SiteplanError) as error:
        written(document, edited(lambda file: file.add_paragraph(text)), tmp_path)
    assert error.value.key == "template_wrong"
    assert "模板.docx" in error.value.values["file"]


def test_a_template_runs_nothing(document, tmp_path):
    attack = "{{ title.__class__.__mro__[1].__subclasses__() }}"
    with pytest.raises(SiteplanError) as error:
        written(document, edited(lambda file: file.add_paragraph(attack)), tmp_path)
    assert error.value.key == "template_wrong"


@pytest.mark.parametrize("content", [b"", b"PK not a zip", b"%PDF-1.7"])
def test_a_file_that_is_no_word_file_is_named(document, tmp_path, content):
    with pytest.raises(SiteplanError) as error:
        written(document, content, tmp_path)
    assert error.value.key == "template_unreadable"


def test_a_template_that_lost_the_styles_still_takes_the_document(document, tmp_path):
    bare = docx.Document()
    bare.add_paragraph("{{ title }}")
    for name in SECTIONS["report"]:
        bare.add_paragraph(f"{{{{p {name} }}}}")
    target = io.BytesIO()
    bare.save(target)
    result, path = written(document, target.getvalue(), tmp_path)
    assert squeezed(document.title) in squeezed(word_text(path))
    assert not result.left_out


def test_a_project_s_own_template_is_used_in_its_language(run, tmp_path):
    project = shutil.copytree(run.parent.parent, tmp_path / "项目")
    (project / "templates").mkdir()
    own = edited(lambda file: file.add_paragraph("本局自有版式"))
    (project / "templates" / "report_zh.docx").write_bytes(own)
    texts = {}
    for lang in ("zh", "en"):
        written_files = report(project / "runs" / "city", DocumentOrder(lang=lang, out=tmp_path / lang))
        texts[lang] = word_text(next(path for path in written_files.paths if path.suffix == ".docx"))
    assert "本局自有版式" in texts["zh"]
    assert "本局自有版式" not in texts["en"]


@pytest.mark.parametrize("kind", list(SECTIONS))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_templates_are_the_same_bytes_every_time(kind, lang):
    assert docx_template(kind, lang) == docx_template(kind, lang)
