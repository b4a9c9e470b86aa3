"""One file a source; ``SOURCES`` has them all, in the order in which they are read."""

from typing import Final

from training.corpus.source import Source
from training.corpus.sources import (
    cldr,
    factbook,
    headlines,
    libreoffice_help,
    ntrex,
    sib,
    wikipedia_titles,
    wordnet,
)

SOURCES: Final[tuple[Source, ...]] = (
    headlines.SOURCE,
    ntrex.SOURCE,
    sib.SOURCE,
    wordnet.SOURCE,
    factbook.SOURCE,
    wikipedia_titles.SOURCE,
    libreoffice_help.SOURCE,
    cldr.SOURCE,
)
