"""What a reader may not have is in no document made out to them: owners, unknown fields, exact places."""

from dataclasses import replace

import pytest
from worlds.papers import pdf_text, raw_word, squeezed

import siteplan
from siteplan.core.errors import SiteplanError
from siteplan.outputs.audience import audience_of
from siteplan.outputs.documents.cards import site_cards
from siteplan.outputs.documents.docx import document_docx
from siteplan.outputs.documents.html import document_html
from siteplan.outputs.documents.pages import county_page
from siteplan.outputs.documents.pdf import document_pdf
from siteplan.outputs.documents.report import report
from siteplan.outputs.documents.view import county_view, view_of
from siteplan.outputs.documents.wallmap import wallmap_pdf
from siteplan.project.outputs import Contact

TELLTALE, OWNER, PHONE = "TELLTALE-7391", "OWNER-5127", "0751-4827193"


@pytest.fixture(scope="module")
def marked(run):
    """The plan with an unknown field everywhere, owners, every place on a property, and somebody to call."""
    plan = siteplan.read_plan(run).proposal
    properties = plan.area.properties
    count = len(plan.places.proposed)
    proposed = plan.places.proposed.assign(
        secret=TELLTALE,
        source_type="3",
        source_id=[properties["property_id"].iloc[n % len(properties)] for n in range(count)],
    )
    contacts = (Contact(who="李工", phone=PHONE),)
    outputs = plan.config.outputs.model_copy(update={"contacts": contacts})
    return replace(
        plan,
        config=plan.config.model_copy(update={"outputs": outputs}),
        area=replace(plan.area, properties=properties.assign(owner=OWNER, secret=TELLTALE)),
        places=replace(
            plan.places, proposed=proposed, candidates=plan.places.candidates.assign(secret=TELLTALE)
        ),
        effects=replace(plan.effects, villages=plan.effects.villages.assign(secret=TELLTALE)),
    )


def papers(plan, reader, tmp_path):
    """Everything that can be made out to a reader, as text."""
    view = view_of(plan, audience_of(plan.config, reader), "zh", None, "甲公司")
    county = county_view(view, next(iter(view.county_names())))
    texts = [squeezed(pdf_text(wallmap_pdf(each))) for each in (view, county)]
    for document in (report(view), county_page(county)):
        word = tmp_path / f"{document.kind}.docx"
        word.write_bytes(document_docx(document).content)
        texts += [squeezed(raw_word(word)), squeezed(pdf_text(document_pdf(document)))]
        texts.append(squeezed(document_html(document)))
    if not view.is_public:
        texts += [squeezed(pdf_text(sheaf.pdf)) for sheaf in site_cards(view, pictures=False)]
    return "\n".join(texts)


def test_the_office_sees_owners_on_cards_and_whom_to_call(marked, tmp_path):
    """Without this, the searches below would prove nothing."""
    text = papers(marked, "internal", tmp_path)
    assert OWNER in text
    assert PHONE in text
    assert TELLTALE not in text


def test_the_tower_company_sees_no_owner_but_whom_to_call(marked, tmp_path):
    text = papers(marked, "tower", tmp_path)
    assert OWNER not in text
    assert TELLTALE not in text
    assert PHONE in text
    assert "甲公司" in text


def test_the_public_sees_neither(marked, tmp_path):
    text = papers(marked, "public", tmp_path)
    assert not [secret for secret in (OWNER, PHONE, TELLTALE) if secret in text]
    for row in marked.places.proposed.itertuples():
        assert f"{row.longitude:.4f}" not in text


def test_the_public_gets_no_cards(marked):
    view = view_of(marked, audience_of(marked.config, "public"), "zh", None)
    with pytest.raises(SiteplanError) as error:
        list(site_cards(view))
    assert error.value.key == "cards_not_for"


def test_the_public_wall_map_has_points_in_the_middle_of_squares(marked):
    view = view_of(marked, audience_of(marked.config, "public"), "zh", None)
    exact = {(round(p.x), round(p.y)) for p in marked.places.proposed.geometry}
    shown = {(round(p.x), round(p.y)) for p in view.proposal.places.proposed.geometry}
    assert not exact & shown
    assert all(x % 500 == 250 and y % 500 == 250 for x, y in shown)
