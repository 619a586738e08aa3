"""Build the folder an office PC without internet installs from: ``python scripts/make_bundle.py [folder]``.

Pip evaluates markers and Requires-Python for the machine it runs on, so uv compiles the
requirements for Windows first (within requirements.lock) and pip fetches what is listed, by hash. The result
is checked twice for each Python with nothing but the folder: pip finds every listed wheel for Windows, uv
resolves ``siteplan[demo]`` for Windows, markers and Requires-Python included, to the same list.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from siteplan import __version__
from siteplan.core.files import atomic_folder

ROOT = Path(__file__).absolute().parent.parent
PARTS = ROOT / "scripts" / "bundle"
PYTHONS = ("3.11", "3.12")
WHEELS = "wheelhouse"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
UV_TARGET = ("--python-platform", "x86_64-pc-windows-msvc")
PIP_TARGET = ("--only-binary=:all:", "--platform", "win_amd64", "--implementation", "cp", "--no-deps")
ALONE = {"PIP_CONFIG_FILE": os.devnull, "UV_NO_CONFIG": "1"}


class BundleError(Exception):
    """The bundle would not install."""


def main() -> None:
    """Build, check, and print the sizes."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist" / "siteplan-bundle").absolute()
    with atomic_folder(target, replace=True) as work:
        build(work)
        for python in PYTHONS:
            count = verify(work / WHEELS, python)
            print(f"Python {python}: {count} wheels, installable on win_amd64 without an index")
    print(f"{target}: {_mib(target):.0f} MiB")
    for part in sorted(target.iterdir()):
        print(f"  {part.name}: {_mib(part):.2f} MiB")


def build(folder: Path) -> None:
    """Write every part of the bundle into an empty folder."""
    wheels = folder / WHEELS
    wheels.mkdir()
    wheel = build_wheel(wheels)
    for python in PYTHONS:
        listed = compile_requirements(wheels / f"requirements-{python}.txt", python)
        _run(
            [
                *PIP,
                "download",
                "--quiet",
                *PIP_TARGET,
                "--python-version",
                python,
                "--require-hashes",
                "--requirement",
                str(listed),
                "--dest",
                str(wheels),
            ]
        )
        with listed.open("a", encoding="utf-8") as file:
            file.write(f"siteplan=={__version__} --hash=sha256:{_sha256(wheel)}\n")
    _run([sys.executable, "-m", "siteplan", "demo", str(folder / "demo")], stdout=subprocess.DEVNULL)
    write_texts(folder)


def build_wheel(wheels: Path) -> Path:
    """Build siteplan's own wheel, from a copy, so that no leftover of an earlier build gets in."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name)
        for each in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / each, copy)
        shutil.copytree(ROOT / "siteplan", copy / "siteplan", ignore=shutil.ignore_patterns("__pycache__"))
        _run([_uv(), "build", "--quiet", "--wheel", "--out-dir", str(wheels), str(copy)])
    (wheels / ".gitignore").unlink(missing_ok=True)
    return next(wheels.glob("siteplan-*.whl"))


def compile_requirements(path: Path, python: str) -> Path:
    """What siteplan[demo] needs on Windows, pinned within the lock, with hashes and without addresses."""
    _run(
        [
            _uv(),
            "pip",
            "compile",
            "--quiet",
            "pyproject.toml",
            "--extra",
            "demo",
            *UV_TARGET,
            "--python-version",
            python,
            "--only-binary",
            ":all:",
            "--constraints",
            "requirements.lock",
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-header",
            "--no-annotate",
            "--output-file",
            str(path),
        ]
    )
    return path


def write_texts(folder: Path) -> None:
    """The starter and the manuals, as Windows wants them."""
    for path in (*sorted(PARTS.glob("*.*")), *sorted(ROOT.glob("README*.md")), ROOT / "LICENSE"):
        text = path.read_text(encoding="utf-8")
        (folder / path.name).write_bytes(windows_text(text, bom=path.suffix == ".txt"))
    for path in sorted((ROOT / "docs").rglob("*.md")):
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(windows_text(path.read_text(encoding="utf-8"), bom=False))
    shutil.copytree(ROOT / "docs" / "images", folder / "docs" / "images")


def windows_text(text: str, *, bom: bool) -> bytes:
    """UTF-8 with CRLF line ends, with a byte order mark for Notepad if wanted."""
    return "\r\n".join([*text.splitlines(), ""]).encode("utf-8-sig" if bom else "utf-8")


def verify(wheels: Path, python: str) -> int:
    """Check that the folder alone is enough for one Python on Windows; return the number of wheels."""
    listed = wheels / f"requirements-{python}.txt"
    if sdists := [path.name for path in wheels.iterdir() if path.suffix not in {".whl", ".txt"}]:
        raise BundleError(f"not wheels: {sdists}")
    with tempfile.TemporaryDirectory() as name:
        _find(wheels, python, Path(name))
        resolved = _resolve(wheels, python, Path(name))
    if resolved != (wanted := pins(listed.read_text(encoding="utf-8"))):
        raise BundleError(f"Python {python}: listed and resolved differ: {sorted(resolved ^ wanted)}")
    return len(wanted)


def _find(wheels: Path, python: str, folder: Path) -> None:
    """Let pip find what is listed, without installing it; uv checks Requires-Python."""
    _run(
        [
            *PIP,
            "--isolated",
            "install",
            "--quiet",
            "--dry-run",
            "--no-index",
            "--find-links",
            str(wheels),
            *PIP_TARGET,
            "--python-version",
            python,
            "--ignore-requires-python",
            "--require-hashes",
            "--target",
            str(folder),
            "--requirement",
            str(wheels / f"requirements-{python}.txt"),
        ],
        env=ALONE,
    )


def _resolve(wheels: Path, python: str, folder: Path) -> set[str]:
    """What ``siteplan[demo]`` resolves to on Windows."""
    wanted, resolved = folder / "wanted.in", folder / "resolved.txt"
    wanted.write_text("siteplan[demo]\n", encoding="utf-8")
    _run(
        [
            _uv(),
            "pip",
            "compile",
            "--quiet",
            str(wanted),
            "--no-index",
            "--find-links",
            str(wheels),
            *UV_TARGET,
            "--python-version",
            python,
            "--only-binary",
            ":all:",
            "--output-file",
            str(resolved),
        ],
        env=ALONE,
    )
    return pins(resolved.read_text(encoding="utf-8"))


def pins(text: str) -> set[str]:
    """The ``name==version`` of a requirements file, extras dropped."""
    found = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", text, flags=re.MULTILINE)
    return {f"{name.lower()}=={version}" for name, version in found}


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        raise BundleError("uv is needed: make setup installs it")
    return found


def _run(command: list[str], *, stdout: int | None = None, env: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=ROOT, stdout=stdout, env={**os.environ, **(env or {})}, check=False)
    if done.returncode:
        raise BundleError(f"failed: {' '.join(command)}")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _mib(path: Path) -> float:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(each.stat().st_size for each in files) / 2**20


if __name__ == "__main__":
    try:
        main()
    except BundleError as error:
        sys.exit(str(error))
