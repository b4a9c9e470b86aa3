"""Reading an artefact: verified first, then used. Nothing half-loads."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from model_store import layout
from model_store.errors import Damaged, NotFound
from model_store.files import sha256
from model_store.manifest import FORMAT_VERSION, Manifest


@dataclass(frozen=True)
class Artefact:
    """A verified artefact: its folder and its manifest."""

    folder: Path
    manifest: Manifest

    def path(self, file_name: str) -> Path:
        """The path of one of the artefact's files."""
        return self.folder / file_name


def read(folder: Path) -> Artefact:
    """Read the artefact in ``folder`` after checking every file against the manifest.

    Raises NotFound if there is no such folder, Damaged if a file is missing, truncated, altered,
    or of a format version that this release does not know.
    """
    manifest = read_manifest(folder)
    for name, entry in manifest.files.items():
        path = folder / name
        if not path.is_file():
            raise Damaged(f"{path} is missing")
        if (size := path.stat().st_size) != entry.size:
            raise Damaged(f"{path} has {size} bytes, its manifest says {entry.size}")
        if sha256(path) != entry.sha256:
            raise Damaged(f"{path} is not the file that was written: its SHA-256 differs")
    return Artefact(folder, manifest)


def read_manifest(folder: Path) -> Manifest:
    """Read and check ``manifest.json`` alone; the other files are not looked at.

    Raises NotFound and Damaged as ``read`` does.
    """
    path = folder / layout.MANIFEST
    if not folder.is_dir():
        raise NotFound(f"there is no artefact in {folder}")
    try:
        text = path.read_bytes()
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {error.strerror}") from error
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = "".join(f"{part}: " for part in first["loc"])
        raise Damaged(f"{path} is damaged: {where}{first['msg']}") from error
    if manifest.format_version != FORMAT_VERSION:
        raise Damaged(
            f"{path} has format version {manifest.format_version}; "
            f"this release reads version {FORMAT_VERSION}"
        )
    if (folder.parent.name, folder.name) != (manifest.name, str(manifest.version)):
        raise Damaged(f"{folder} holds {manifest.reference}: it was moved or renamed")
    return manifest
