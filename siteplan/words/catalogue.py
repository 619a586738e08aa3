"""The one catalogue of user-facing text: ``zh.toml`` and ``en.toml`` hold the same keys.

Text is looked up at the moment it is shown, so that reasons, rules and faults travel through the package as
keys and values, and one plan can be written in either language.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any, Literal, get_args

Lang = Literal["zh", "en"]
"""Language of user-facing text."""
LANGUAGES: tuple[Lang, ...] = get_args(Lang)


Message = tuple[str, dict[str, Any]]
"""Key of a text and its values; a value may be a message itself, or a tuple of them."""


class Key(str):
    """A value of a text that is itself looked up, such as a status."""

    __slots__ = ()


@cache
def sections(lang: Lang) -> dict[str, dict[str, str]]:
    """Texts of one language by section and key, unfilled."""
    content: dict[str, dict[str, str]] = tomllib.loads(
        files(__package__).joinpath(f"{lang}.toml").read_text("utf-8")
    )
    return content


@cache
def texts(lang: Lang) -> dict[str, str]:
    """Texts of one language by key; keys of the map page start with ``map.``."""
    return {
        f"map.{key}" if section == "map" else key: text
        for section, entries in sections(lang).items()
        for key, text in entries.items()
    }


def placeholders(text: str) -> frozenset[str]:
    """Names in the braces of a text.

    Examples
    --------
    >>> sorted(placeholders("{count} of {total:,.0f}"))
    ['count', 'total']
    """
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def translate(key: str, lang: Lang, /, **values: object) -> str:
    """Text of a key in one language.

    Parameters
    ----------
    key
        Entry of the catalogue; words of the map page have the prefix ``map.``.
    lang
        ``"zh"`` or ``"en"``.
    **values
        What the braces of the text take; a :class:`Key` is looked up first.

    Raises
    ------
    KeyError
        If the key is not in the catalogue, or a brace has no value.

    Examples
    --------
    >>> translate("not_number", "en", value="abc")
    "'abc' is not a number"
    """
    filled = {name: translate(str(v), lang) if isinstance(v, Key) else v for name, v in values.items()}
    return texts(lang)[key].format(**filled)
