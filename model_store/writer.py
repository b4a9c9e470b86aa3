"""Writing an artefact whole or not at all: stage, digest, rename."""

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from model_store import layout
from model_store.artefact import Artefact, read
from model_store.errors import AlreadyExists
from model_store.files import sha256, sync_file, sync_folder
from model_store.manifest import FORMAT_VERSION, ArtefactName, FileEntry, Manifest
from model_store.store import ModelStore

Signature = tuple[tuple[str, ...], tuple[str, ...]]
"""The named inputs and outputs of an ONNX file."""


Description = dict[str, Any]
"""A manifest's fields, but for those that the writer fills in (name, version, time, files)."""

_Name: TypeAdapter[str] = TypeAdapter(ArtefactName)


def write_artefact(
    store: Path,
    name: str,
    build: Callable[[Path], tuple[Description, dict[str, Signature]]],
) -> Artefact:
    """Write the next version of ``name`` into ``store`` and read it back, verified.

    The next one also after those that ship: a reference means the same weights everywhere.

    ``build`` fills an empty staging folder with the artefact's files and returns the manifest's
    fields and each ONNX file's signature. If it raises, or the process dies, no version appears.

    Raises AlreadyExists if another writer took the version number meanwhile, and whatever
    ``build`` raises; pydantic's ValidationError (a ValueError) for a name that is none, before
    anything is built, and for a manifest that does not hold.
    """
    _Name.validate_python(name)
    family = store / name
    family.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=layout.STAGING_PREFIX, dir=family))
    try:
        description, signatures = build(staging)
        version = max(ModelStore.at(store).versions(name), default=0) + 1
        manifest = Manifest(
            format_version=FORMAT_VERSION,
            name=name,
            version=version,
            created_at=datetime.now(UTC).replace(microsecond=0),
            files=_entries(staging, signatures),
            **description,
        )
        target = family / str(version)
        _seal(staging, manifest)
        _rename(staging, target)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return read(target)


def _entries(folder: Path, signatures: dict[str, Signature]) -> dict[str, FileEntry]:
    entries = {}
    for path in sorted(folder.iterdir()):
        inputs, outputs = signatures.get(path.name, ((), ()))
        entries[path.name] = FileEntry(
            sha256=sha256(path), size=path.stat().st_size, inputs=inputs, outputs=outputs
        )
    return entries


def _seal(folder: Path, manifest: Manifest) -> None:
    (folder / layout.MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)
        sync_file(path)
    folder.chmod(0o755)
    sync_folder(folder)


def _rename(staging: Path, target: Path) -> None:
    try:
        os.rename(staging, target)  # noqa: PTH104 - Path.rename would overwrite an empty folder too
    except OSError as error:
        if target.exists():
            raise AlreadyExists(f"{target} was written by someone else meanwhile") from error
        raise
    sync_folder(target.parent)
