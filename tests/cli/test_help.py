"""The command line answers at once: help and import load nothing heavy, and speak the language asked for."""

import json
import os
import subprocess
import sys

import pytest

LIGHT = {
    "annotated_doc",
    "annotated_types",
    "attr",
    "markdown_it",
    "mdurl",
    "pydantic",
    "pydantic_core",
    "pygments",
    "rich",
    "shellingham",
    "siteplan",
    "typer",
    "typing_inspection",
    "typing_extensions",
}
"""What ``siteplan --help`` may load beside the standard library: typer, rich and what these look for."""
SCRIPT = """
import json, sys
before = set(sys.modules)
try:
    {call}
except SystemExit:
    pass
names = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print("MODULES", json.dumps(sorted(names - set(sys.stdlib_module_names))))
"""


def loaded(call, **environment):
    """Packages beside the standard library that a call loads, in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(call=call)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONUTF8": "1"} | environment,
    )
    head, _, names = ended.stdout.rpartition("MODULES")
    return {name for name in json.loads(names) if not name.startswith("__")}, head


def test_importing_the_package_loads_nothing_else():
    assert loaded("import siteplan")[0] == {"siteplan"}


@pytest.mark.parametrize("arguments", [["--help"], ["plan", "--help"]])
def test_help_loads_light_packages_only(arguments):
    call = f"import siteplan.cli as c; sys.argv = {['siteplan', *arguments]!r}; c.main()"
    names, _ = loaded(call)
    assert {each for each in names if not each.startswith("_")} <= LIGHT
    assert "typer" in names


@pytest.mark.parametrize(("language", "word"), [("zh", "规划"), ("en", "ranked candidates")])
def test_help_speaks_the_language_of_the_environment(language, word):
    call = "import siteplan.cli as c; sys.argv = ['siteplan', '--help']; c.main()"
    assert word in loaded(call, SITEPLAN_LANG=language)[1]


def test_an_unknown_language_is_a_usage_error():
    ended = subprocess.run(
        [sys.executable, "-m", "siteplan", "check", ".", "--lang", "fr"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONUTF8": "1"},
    )
    assert ended.returncode == 2
    assert "fr" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_every_public_name_is_documented_and_exported_lazily():
    import siteplan  # noqa: PLC0415 - the process above proves that this costs nothing

    for name in siteplan.__all__:
        assert getattr(siteplan, name).__doc__, name
    with pytest.raises(AttributeError):
        _ = siteplan.no_such_name
