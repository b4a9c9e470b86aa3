"""Everything that can be wrong with an import.

ImportStopped              one line for people; what was acknowledged before stays imported
├── SourceError            the source cannot be read at all
│   ├── Unreadable         no such file, no permission, no feed
│   ├── UnknownFormat      it is not clear what the file holds
│   ├── BadColumns         a table's header does not fit the articles' fields
│   └── NotFetched         a feed's address does not answer, answers too much, or leads elsewhere
├── ServiceError           the service does not take the articles
│   ├── BadTarget          the service's address is not one
│   ├── Unreachable        nothing answers there
│   ├── Refused            it answers with an error that a retry does not mend
│   ├── StillBusy          it is overloaded, and stayed so through every retry
│   └── UnexpectedAnswer   whatever answers there is not Newsstand
└── StateUnusable          progress cannot be kept, so that the import could not be resumed
UnsoundRecord              one record is no article: it is reported, and the import goes on
"""


class ImportStopped(Exception):
    """Base of all that ends an import; its text names the file or address concerned."""


class SourceError(ImportStopped):
    """The source cannot be read at all."""


class Unreadable(SourceError):
    """The file is not there, may not be read, or is not what it is said to be."""


class UnknownFormat(SourceError):
    """Neither the name nor the first bytes say what the file holds."""


class BadColumns(SourceError):
    """A table lacks a column, or a mapping names what is not there."""


class NotFetched(SourceError):
    """A feed could not be fetched, or must not be."""


class ServiceError(ImportStopped):
    """The service does not take the articles."""


class BadTarget(ServiceError):
    """The service's address is not an http or https address."""


class Unreachable(ServiceError):
    """Nothing answers at the service's address."""


class Refused(ServiceError):
    """The service refuses the whole batch; ``status`` is the HTTP status."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class StillBusy(ServiceError):
    """The service stayed overloaded or silent through every retry."""


class UnexpectedAnswer(ServiceError):
    """The answer is not what Newsstand answers."""


class StateUnusable(ImportStopped):
    """The file that remembers how far the import came cannot be read or written."""


class UnsoundRecord(Exception):
    """One record cannot become an article; the text says why."""
