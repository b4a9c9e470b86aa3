"""Which language model should encode the news, how deep should it be tuned, and what does it cost?

*Revisiting Language Models in Neural News Recommender Systems*, 2025 (arXiv 2501.11391).
``settings`` says all that can be changed; ``encoders`` is what is known of an encoder beforehand;
``designs`` names the rows, ``recipes`` says how each is trained, ``rows`` makes them; ``exam`` is
what they are measured on; ``claims`` says what the paper found, ``pictures`` draws, and ``table``
puts the study together.
"""

from typing import Final

from training.studies.lm_grid.settings import settings_of
from training.studies.lm_grid.table import build
from training.studies.names import Kind

STUDY: Final = Kind(settings_of, build)
