"""The way out: a proposal into the files people open. Pure writers: nothing is computed here.

One decision to know: every writer gets a folder that becomes visible only when all of them are done.
"""

from __future__ import annotations

from pathlib import Path

from siteplan.outputs.gis import write_coverage, write_geopackages
from siteplan.outputs.kml import kmz_bytes
from siteplan.outputs.sheets import candidates_csv, refused_csv, rejected_csv, villages_csv
from siteplan.outputs.webmap import map_html
from siteplan.outputs.workbook import write_workbook
from siteplan.proposal import Proposal
from siteplan.summary import run_json
from siteplan.texts import Lang

WORKBOOK = "候选站址.xlsx"
MAP = "map.html"


def write_all(proposal: Proposal, folder: Path, lang: Lang = "zh") -> None:
    """Write every output of a run but run.json, which is written last.

    Parameters
    ----------
    proposal
        The result.
    folder
        Existing folder, not yet visible to users.
    lang
        Language of headers and labels.
    """
    (folder / "candidates.csv").write_bytes(candidates_csv(proposal))
    (folder / "refused.csv").write_bytes(refused_csv(proposal))
    (folder / "villages.csv").write_bytes(villages_csv(proposal))
    (folder / "rejected_rows.csv").write_bytes(rejected_csv(proposal))
    write_workbook(proposal, folder / WORKBOOK, lang)
    (folder / "candidates.kmz").write_bytes(kmz_bytes(proposal, lang))
    write_geopackages(proposal, folder)
    write_coverage(proposal, folder)
    (folder / MAP).write_text(map_html(proposal, lang=lang), encoding="utf-8", newline="\n")


def write_summary(proposal: Proposal, folder: Path) -> None:
    """Write run.json and the effective project file.

    Parameters
    ----------
    proposal
        The result.
    folder
        The run folder.
    """
    (folder / "run.json").write_bytes(run_json(proposal.summary))
    text = proposal.config.model_dump_json(by_alias=True, indent=2)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")
