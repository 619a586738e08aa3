"""The words the map's scripts use, from the catalogue."""

from __future__ import annotations

from siteplan.project.statuses import MOVED, SiteStatus
from siteplan.words.catalogue import Lang, sections, translate


def page_words(lang: Lang) -> dict[str, str]:
    """All words the scripts use, unfilled [dict]."""
    statuses = ("CANDIDATE", "EXCLUDED", MOVED, *SiteStatus)
    return sections(lang)["map"] | {f"status_{each}": translate(f"status_{each}", lang) for each in statuses}
