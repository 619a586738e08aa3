"""What is refused, in the words a user reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from siteplan.core.errors import SiteplanError
from siteplan.outputs.wording import error_text
from siteplan.words.catalogue import Lang


@contextmanager
def refused(kind: type[SiteplanError], *words: str, lang: Lang = "en") -> Iterator[pytest.ExceptionInfo]:
    """The block raises this error, and its text in this language holds every one of the words."""
    with pytest.raises(kind) as caught:
        yield caught
    text = error_text(caught.value, lang)
    for word in words:
        assert word in text, text
