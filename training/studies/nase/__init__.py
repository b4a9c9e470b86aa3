"""NaSE's tables: does an encoder at home in the news recommend across languages without training?

Iana et al., *News Without Borders: Domain Adaptation of Multilingual Sentence Embeddings for
Cross-lingual News Recommendation*, 2024 (arXiv 2406.12634). ``settings`` says all that can be
changed; ``paths``, ``days`` and ``texts`` are the data; ``exam`` makes cells of scores, ``vectors``
scores by late fusion; ``adapted`` and ``recommenders`` make the rows; ``claims`` says what the
paper found, and ``table`` puts the study together.
"""

from typing import Final

from training.studies.names import Kind
from training.studies.nase.settings import settings_of
from training.studies.nase.table import build

STUDY: Final = Kind(settings_of, build)
