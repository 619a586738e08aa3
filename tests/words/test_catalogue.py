"""The one catalogue: both languages hold the same keys with the same placeholders, all used, none missing."""

import ast
import re
from pathlib import Path

import pytest

import siteplan
from siteplan.words.catalogue import placeholders, sections, texts

PACKAGE = Path(siteplan.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES}
KEYED = {
    "translate",
    "SiteplanError",
    "RunLockedError",
    "ImpossibleError",
    "TooLittleDataError",
    "Key",
    "text",
}
"""Calls whose first argument is a key of the catalogue."""
CHINESE = re.compile("[\u3000-\u9fff\uff00-\uffef]")


def calls():
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in KEYED:
                yield from ((path, node, first) for first in branches(node.args[0]))


def branches(first):
    """Every key an expression may give."""
    if isinstance(first, ast.IfExp):
        yield from branches(first.body)
        yield from branches(first.orelse)
    else:
        yield first


def literal(node, first):
    """Literal key of a call, or the pattern of one that is put together."""
    prefix = "help_" if node.func.id == "text" else ""
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return re.escape(prefix + first.value)
    if isinstance(first, ast.JoinedStr):
        parts = [re.escape(p.value) if isinstance(p, ast.Constant) else r"[\w ]+" for p in first.values]
        return prefix + "".join(parts)
    return None


def strings():
    """Every string of the package, as constant or as the pattern of an f-string."""
    for tree in TREES.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield re.escape(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(p.value) if isinstance(p, ast.Constant) else r"[\w ]+" for p in node.values
                ]
                if any(isinstance(p, ast.Constant) and re.search(r"[a-z]", p.value) for p in node.values):
                    yield "".join(parts)


def test_both_languages_hold_the_same_keys_in_the_same_order():
    chinese, english = sections("zh"), sections("en")
    assert list(chinese) == list(english)
    for section in chinese:
        assert list(chinese[section]) == list(english[section]), section


@pytest.mark.parametrize("key", sorted(texts("zh")))
def test_both_texts_of_a_key_take_the_same_values(key):
    assert placeholders(texts("zh")[key]) == placeholders(texts("en")[key])
    assert texts("zh")[key]
    assert texts("en")[key]


def test_no_key_stands_in_two_sections():
    keys = [key for section, entries in sections("zh").items() if section != "map" for key in entries]
    assert len(keys) == len(set(keys))


def test_every_key_that_is_asked_for_is_there():
    known = set(texts("zh"))
    missing = set()
    for path, node, first in calls():
        pattern = literal(node, first)
        if pattern is not None and not any(re.fullmatch(pattern, key) for key in known):
            missing.add((path.name, node.lineno, pattern))
    assert not missing


def test_every_call_gives_the_values_its_text_takes():
    wrong = []
    for path, node, first in calls():
        if not (isinstance(first, ast.Constant) and node.func.id != "Key"):
            continue
        if any(keyword.arg is None for keyword in node.keywords):
            continue
        prefix = "help_" if node.func.id == "text" else ""
        wanted = placeholders(texts("zh").get(prefix + first.value, ""))
        given = {keyword.arg for keyword in node.keywords}
        if wanted != given:
            wrong.append((path.name, node.lineno, first.value, wanted ^ given))
    assert not wrong


def test_every_key_is_asked_for():
    patterns = {re.compile(pattern) for pattern in strings() if re.search(r"[a-z]", pattern)}
    scripts = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (PACKAGE / "outputs" / "webmap" / "assets").glob("siteplan_*.js")
    )
    template = (PACKAGE / "outputs" / "templates" / "project.toml").read_text(encoding="utf-8")
    used = {key for key in sections("zh")["template"] if f'"${{{key}}}"' in template}
    for section, entries in sections("zh").items():
        for key in entries:
            full = f"map.{key}" if section == "map" else key
            stem = key.removesuffix("_fix")
            names = {full, key, stem, key.removeprefix("help_")}
            if any(pattern.fullmatch(name) for pattern in patterns for name in names) or (
                section == "map"
                and (
                    f"'{key}'" in scripts
                    or any(f"'{key[:cut]}'" in scripts for cut in range(3, len(key)) if key[cut - 1] == "_")
                )
            ):
                used.add(full)
    unused = sorted(set(texts("zh")) - used)
    assert not unused


def test_english_holds_no_chinese_and_chinese_is_chinese():
    assert not [key for key, text in texts("en").items() if CHINESE.search(text)]


BELOW = [
    path for path in SOURCES if path.relative_to(PACKAGE).parts[0] not in {"outputs", "cli", "demo", "words"}
]
RECOGNISED = {
    "inputs",  # signs, digits and words of notations that are read, not shown
    "project",
    "field",
}


def test_nothing_below_the_outputs_holds_a_sentence():
    """Chinese stands where it is recognised in what people wrote, and in names of a project's own defaults."""
    found = []
    for path in BELOW:
        room = path.relative_to(PACKAGE).parts[0]
        for node in ast.walk(TREES[path]):
            if _is_sentence(node) and room not in RECOGNISED and not _is_docstring(node, TREES[path]):
                found.append((path.name, node.lineno, node.value[:30]))
    assert not found


def _is_sentence(node):
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    return len(node.value) > 1 and bool(CHINESE.search(node.value))


def _is_docstring(node, tree):
    owners = (n for n in ast.walk(tree) if isinstance(n, ast.Module | ast.ClassDef | ast.FunctionDef))
    return any(o.body and isinstance(o.body[0], ast.Expr) and o.body[0].value is node for o in owners)
