"""What is shipped: the wheel and the sdist, not the source tree."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _do(*words: str | Path, folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("built")
    _do(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, folder=folder)
    return folder


def _assets() -> set[str]:
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "zmqtui").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    }


def test_every_asset_is_shipped(built: Path) -> None:
    """A style sheet or marker that is not in the wheel and the sdist is missed only by users."""
    assert "zmqtui/py.typed" in _assets()
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert _assets() <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith("tests/")]
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        files = {name.partition("/")[2] for name in sdist.getnames()}
    wanted = {"LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "docs/json-lines.md"}
    assert _assets() | wanted <= files


def test_the_installed_wheel_works(built: Path, tmp_path: Path) -> None:
    """The wheel, installed in a fresh environment, runs from any folder without the source tree."""
    environment = tmp_path / "venv"
    venv.create(environment)
    python = environment / "bin" / "python"
    wheel = next(built.glob("*.whl"))
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet")
    _do(*pip, "--disable-pip-version-check", wheel, folder=tmp_path)
    # Its dependencies are those of this environment: a path file there is not followed, so the source tree is not seen.
    site = Path(sysconfig.get_path("purelib", vars={"base": str(environment)}))
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    program = environment / "bin" / "zmqtui"
    where = _do(python, "-c", "import zmqtui; print(zmqtui.__file__)", folder=tmp_path)
    assert Path(where.strip()).is_relative_to(environment)
    assert _do(program, "--version", folder=tmp_path).startswith("zmqtui ")
    assert "pipeline: " in _do(program, "list", folder=tmp_path)
    line = "run reqrep --transport inproc --set work=0"
    assert "30 of 30 replies" in _do(program, *line.split(), folder=tmp_path)
    _do(python, "-c", "import zmqtui.ui.app", folder=tmp_path)
