"""The artefact that ships: what every service of the tests serves that is told of no other."""

from typing import Final

from model_store.artefact import read_manifest
from model_store.store import DEFAULT_ARTEFACT, ModelStore

REFERENCE: Final = read_manifest(ModelStore.at().folder(DEFAULT_ARTEFACT)).reference
