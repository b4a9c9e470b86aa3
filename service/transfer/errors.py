"""Everything that can end an export or the import of one.

TransferStopped            one line for people; what was written before stays written
├── NotAnExport            the source is no state export, is damaged or of an unknown version
├── TargetTaken            something is at the export's target already, or is being written there
├── StoreNotEmpty          the store holds a state already, and merging was not asked for
└── NoParquet              Parquet cannot be read or written by this install
"""


class TransferStopped(Exception):
    """Base of all that ends an export or import; its text names the file or store concerned."""


class NotAnExport(TransferStopped):
    """The source is not one, or not whole, or of a format version that is not known here."""


class TargetTaken(TransferStopped):
    """The target exists, or another export is at work on it."""


class StoreNotEmpty(TransferStopped):
    """The store holds articles, readers or counters."""


class NoParquet(TransferStopped):
    """polars is not installed."""
