"""MTRec's table: do titles' categories and sentiments, told beside the clicks, help to recommend?

Vasilev, Krastev & Toapanta, *Towards Advancing Multi-task Learning Over BERT for News
Recommendation*, a poster that makes MTRec again (Bi et al., Findings of ACL 2022). ``settings``
says all that can be changed, ``setup`` has the log with its sentiments, ``designs`` the rows,
``claims`` what the poster found, and ``table`` puts the study together.
"""

from typing import Final

from training.studies.mtrec.settings import settings_of
from training.studies.mtrec.table import build
from training.studies.names import Kind

STUDY: Final = Kind(settings_of, build)
