"""Everything that can be wrong with a model store.

ModelStoreError
├── NotFound           no such artefact, version or alias
├── Damaged            a file is missing, truncated, altered or of an unknown format
├── AlreadyExists      a version is written once and never changed
├── NotWritable        the store's folder cannot be written to
├── InUse              the operation would take away what an alias points to
└── NoGpu              a GPU is asked for, and none can be used
"""


class ModelStoreError(Exception):
    """Base of all errors of this package; its text names the folder or file concerned."""


class NotFound(ModelStoreError):
    """No such artefact, version or alias in any of the stores."""


class Damaged(ModelStoreError):
    """An artefact that must not be loaded: nothing of it is used."""


class AlreadyExists(ModelStoreError):
    """The version is there already."""


class NotWritable(ModelStoreError):
    """The store is another user's, such as the shipped one, or no folder at all."""


class InUse(ModelStoreError):
    """An alias still points to the version."""


class NoGpu(ModelStoreError):
    """A GPU is asked for and cannot be used; the text says why. The artefact may be sound."""
