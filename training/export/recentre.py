"""``newsstand-train centre``: an artefact again, minus the mean of other news.

What an encoder subtracts is the mean of the texts it came with. A newsroom's own titles have a
mean of their own, and minus that one, what a reader likes stands out better.
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from model_store import layout
from model_store.artefact import Artefact
from model_store.manifest import Manifest
from model_store.tokens import Tokenising
from model_store.writer import Description, Signature, write_artefact
from training.errors import ExportFailed, NotWritable
from training.export.artefact import check_writable
from training.export.card import render_card
from training.export.centring import centre_file
from training.export.centring_texts import chosen
from training.export.graph import set_centre
from training.export.trained_encoder import Provenance

CENTRED: Final = "centred on"


def recentre(
    artefact: Artefact, store: Path, name: str, sources: Mapping[str, Sequence[str]]
) -> Artefact:
    """Write the next version of ``name`` into ``store``: the artefact, each of its precisions
    minus its own mean vector over the ``sources``' texts instead of the centre it had.

    Raises UnreadableData for too few texts, NotWritable, and ExportFailed for an artefact whose
    user encoder learned from its vectors as they are, or whose news are more than a text.
    """
    check_writable(store, name)
    _check(artefact.manifest)
    news = chosen(sources)
    tokens = Tokenising.of(artefact)(news)

    def build(staging: Path) -> tuple[Description, dict[str, Signature]]:
        manifest = artefact.manifest
        for file in manifest.files:
            shutil.copyfile(artefact.path(file), staging / file)
        for precision in manifest.parity:
            path = staging / layout.news_encoder(precision)
            set_centre(path, np.zeros(manifest.dimension, np.float32))
            centre_file(path, tokens, normalised=manifest.normalised)
        provenance = _provenance(manifest, sources, len(news))
        card = render_card(name, manifest, provenance, manifest.parity, centring=len(news))
        (staging / layout.CARD).write_text(card, encoding="utf-8")
        return _description(manifest, provenance), _signatures(manifest)

    try:
        return write_artefact(store, name, build)
    except OSError as error:
        raise NotWritable(f"{store} cannot be written: {error.strerror}") from error


def _check(manifest: Manifest) -> None:
    if manifest.scoring.kind != "late_fusion":
        raise ExportFailed(
            f"{manifest.reference} scores by attention, which learned from its vectors as they are"
        )
    if manifest.abstract is not None or manifest.categories:
        raise ExportFailed(f"{manifest.reference} reads more than one text of an article")


def _provenance(manifest: Manifest, sources: Mapping[str, Sequence[str]], texts: int) -> Provenance:
    lineage, attribution = manifest.lineage, manifest.attribution
    centred = {"centred_again": manifest.reference, "centring_texts": texts}
    counts = {f"{CENTRED} {name}": len(of_source) for name, of_source in sources.items()}
    learned = {name: n for name, n in lineage.data.items() if not name.startswith(CENTRED)}
    named = [attribution.texts.partition(f"; {CENTRED}")[0], f"{CENTRED} {', '.join(sources)}"]
    return Provenance(
        lineage=lineage.model_copy(
            update={"settings": lineage.settings | centred, "data": learned | counts}
        ),
        attribution=attribution.model_copy(update={"texts": "; ".join(filter(None, named))}),
        languages=manifest.languages,
        scoring=manifest.scoring,
    )


def _description(manifest: Manifest, provenance: Provenance) -> Description:
    """The manifest's fields but for those that the writer fills in."""
    kept = {name: getattr(manifest, name) for name in Manifest.model_fields}
    for name in ("format_version", "name", "version", "created_at", "files"):
        del kept[name]
    return kept | {"lineage": provenance.lineage, "attribution": provenance.attribution}


def _signatures(manifest: Manifest) -> dict[str, Signature]:
    return {file: (entry.inputs, entry.outputs) for file, entry in manifest.files.items()}
