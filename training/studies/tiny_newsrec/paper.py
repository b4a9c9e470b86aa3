"""The paper's own numbers, word for word, as the authors' slides have them."""

from typing import Final

from training.studies.study import Paper

PAPER: Final = Paper(
    title="Tiny-NewsRec (Yu et al., EMNLP 2022), made again",
    data="all of MIND, and Feeds; twelve layers, post-trained on News (Feeds and News are MSN's)",
    quoted_from="the authors' slides: Performance Comparison, and its table of several teachers",
)
WHICH: Final = "whose numbers"
"""The paper's row, since ours may be as deep as another base is."""
COLUMNS: Final = (
    "MIND AUC",
    "MIND MRR",
    "MIND nDCG@10",
    "Feeds AUC",
    "Feeds MRR",
    "Feeds nDCG@10",
    "Model Size",
)
DEPTH: Final = 12
"""Of the paper's base and its teachers."""
COMPARISON: Final = """
PLM-NR₁₂ (FT)   | 69.72±0.15 34.74±0.10 43.71±0.07 67.93±0.13 34.42±0.07 45.09±0.07 109.89M
PLM-NR₁₂ (DAPT) | 69.97±0.08 35.07±0.15 43.98±0.10 68.24±0.09 34.63±0.10 45.30±0.09 109.89M
PLM-NR₁₂ (TAPT) | 69.82±0.14 34.90±0.11 43.83±0.07 68.11±0.11 34.49±0.12 45.11±0.08 109.89M
PLM-NR₁₂ (DP)   | 71.02±0.07 36.05±0.09 45.03±0.12 69.37±0.10 35.74±0.11 46.45±0.11 109.89M
PLM-NR₄ (FT)    | 69.49±0.14 34.40±0.10 43.40±0.09 67.46±0.12 33.71±0.11 44.36±0.09 53.18M
PLM-NR₂ (FT)    | 68.99±0.08 33.59±0.14 42.61±0.11 67.05±0.14 33.33±0.09 43.90±0.12 39.01M
PLM-NR₁ (FT)    | 68.12±0.12 33.20±0.07 42.07±0.10 66.26±0.10 32.55±0.12 42.99±0.09 31.92M
TinyBERT₄       | 70.55±0.10 35.60±0.12 44.47±0.08 68.40±0.08 34.64±0.10 45.21±0.11 53.18M
TinyBERT₂       | 70.24±0.13 34.93±0.07 43.98±0.10 68.01±0.07 34.37±0.09 44.90±0.10 39.01M
TinyBERT₁       | 69.19±0.09 34.35±0.10 43.12±0.07 67.16±0.11 33.42±0.07 43.95±0.07 31.92M
NewsBERT₄       | 70.62±0.15 35.72±0.11 44.65±0.08 68.69±0.10 34.90±0.08 45.64±0.11 53.18M
NewsBERT₂       | 70.41±0.09 35.46±0.07 44.35±0.10 68.24±0.09 34.64±0.11 45.23±0.10 39.01M
NewsBERT₁       | 69.45±0.11 34.75±0.09 43.54±0.12 67.37±0.05 33.55±0.10 44.12±0.08 31.92M
Tiny-NewsRec₄   | 71.19±0.08 36.21±0.05 45.20±0.09 69.58±0.06 35.90±0.11 46.57±0.07 53.18M
Tiny-NewsRec₂   | 70.95±0.04 36.05±0.08 44.93±0.10 69.25±0.07 35.45±0.09 46.25±0.10 39.01M
Tiny-NewsRec₁   | 70.04±0.06 35.16±0.10 44.10±0.08 68.31±0.03 34.65±0.08 45.32±0.08 31.92M
"""
SEVERAL_TEACHERS: Final = """
Ensemble-Teacher₁₂ | 69.43 35.81 46.53
TinyBERT-MT₄       | 68.87 35.13 45.81
NewsBERT-MT₄       | 68.82 35.07 45.80
MT-BERT₄           | 68.51 34.74 45.45
"""
"""On Feeds alone."""


def quoted(row: str) -> dict[str, str]:
    """What the slides have for a row of theirs, by their columns; nothing for another depth's."""
    for table, columns in ((COMPARISON, COLUMNS), (SEVERAL_TEACHERS, COLUMNS[3:6])):
        for line in table.strip().splitlines():
            name, _, numbers = line.partition("|")
            if name.strip() == row:
                return {WHICH: row, **dict(zip(columns, numbers.split(), strict=True))}
    return {}


def sized(name: str, layers: int) -> str:
    """A method's name and its depth, as the slides write them: Tiny-NewsRec₄."""
    return name + str(layers).translate(SUBSCRIPTS)


SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
