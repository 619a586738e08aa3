"""What each reader of a map may have: the office everything, others what they are allowed."""

from __future__ import annotations

import base64
import json
import zlib

import numpy as np
import pytest
from worlds.webmap_world import SMALL, draw_proposal
from worlds.written_forms import written_forms

from siteplan.core.errors import SiteplanError
from siteplan.outputs.audience import audience_of, map_name, seen_by
from siteplan.outputs.webmap import map_html
from siteplan.planning.proposal import Proposal

# rasterio 1.4 multiplies affine transforms the way affine 3 announces to drop one day
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")


SECRETS = {
    "tower": ("业主联系人", "秘密靶场乙", "军事设施保护法", "内部版"),
    "public": (
        "业主联系人",
        "东镇路",
        "秘密靶场乙",
        "军事设施保护法",
        "S0001",
        "D0001",
        "P0001",
        "理由3：",
    ),
}


@pytest.mark.parametrize("audience_id", SECRETS)
def test_what_a_reader_must_not_have_is_not_in_the_file(audience_id: str) -> None:
    drawn = draw_proposal(SMALL)
    drawn.places.proposed.loc[2, "reason"] = "理由：位于秘密靶场乙附近，依据军事设施保护法"
    drawn.places.proposed.loc[2, "restriction"] = "秘密靶场乙"
    audience = audience_of(drawn.config, audience_id)
    whole = written_forms(map_html(drawn))
    page = written_forms(map_html(drawn, audience=audience, recipient="某铁塔公司", issued="2023-07-01"))
    assert "某铁塔公司 2023-07-01" in page
    for secret in SECRETS[audience_id]:
        assert secret in whole, secret
        assert secret not in page, secret


def test_the_search_for_secrets_sees_through_packing() -> None:
    secret = "业主联系人13800000000"
    packed = base64.b64encode(zlib.compress(secret.encode() * 3)).decode()
    escaped = json.dumps(secret)[1:-1]
    for hidden in (packed, base64.b64encode((secret * 3).encode()).decode(), escaped):
        assert secret not in hidden
        assert secret in written_forms(f"<html>{hidden}</html>")


def test_public_coordinates_are_middles_of_squares(proposal: Proposal) -> None:
    audience = audience_of(proposal.config, "public")
    seen = seen_by(proposal, audience)
    xy = np.column_stack([seen.places.proposed.geometry.x, seen.places.proposed.geometry.y])
    np.testing.assert_allclose(xy % audience.snap_m, audience.snap_m / 2)
    away = np.hypot(
        *(xy - np.column_stack([proposal.places.proposed.geometry.x, proposal.places.proposed.geometry.y])).T
    )
    assert 0 < away.max() <= audience.snap_m / np.sqrt(2) + 1e-6
    degrees = seen.places.proposed.geometry.to_crs("EPSG:4326")
    np.testing.assert_allclose(seen.places.proposed["longitude"], degrees.x, atol=1e-6)
    page = map_html(proposal, audience=audience)
    exact = proposal.places.proposed.iloc[0]
    for value in (exact["longitude"], exact["latitude"], exact["longitude_gcj02"]):
        assert f"{value:.6f}".rstrip("0") not in page
    assert '"footprints"' not in page
    assert '"ranks"' not in page
    assert "uri.amap.com" not in page


def test_the_office_sees_everything_and_has_map_html(proposal: Proposal) -> None:
    names = {each.id: map_name(proposal.config, each) for each in proposal.config.outputs.audiences}
    assert names == {"internal": "map.html", "tower": "map_tower.html", "public": "map_public.html"}
    page = written_forms(map_html(proposal))
    for text in ("业主联系人3", "秘密靶场乙", "军事设施保护法", "D0001"):
        assert text in page
    assert '"watermark":[]' in page
    with pytest.raises(SiteplanError, match="internal, tower, public"):
        audience_of(proposal.config, "铁塔")
