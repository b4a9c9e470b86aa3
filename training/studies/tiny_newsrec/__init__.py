"""Tiny-NewsRec's tables: do small students stand beside the large encoder that taught them?

Yu et al., *Tiny-NewsRec: Effective and Efficient PLM-based News Recommendation*, EMNLP 2022.
``settings`` says all that can be changed; ``setup`` is the data; ``systems`` measures whatever was
trained; ``plain``, ``teachers``, ``students``, ``rivals`` and ``ablations`` make the rows, as long
as ``paces`` says; ``paper`` has the paper's numbers and ``claims`` what it found; ``table`` puts
the study together.
"""

from typing import Final

from training.studies.names import Kind
from training.studies.tiny_newsrec.settings import settings_of
from training.studies.tiny_newsrec.table import build

STUDY: Final = Kind(settings_of, build)
