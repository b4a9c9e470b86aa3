"""SIB-200's sentences, which are those of FLORES (Adelani et al., 2024; NLLB Team, 2022)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.corpus.passage import Passage
from training.corpus.source import Source
from training.data.problems import Problems
from training.data.sheets import read_separated
from training.errors import UnreadableData

LANGUAGES: Final = {
    "eng_Latn": "en", "arb_Arab": "ar", "deu_Latn": "de", "fra_Latn": "fr", "hin_Deva": "hi",
    "jpn_Jpan": "ja", "rus_Cyrl": "ru", "spa_Latn": "es", "tur_Latn": "tr", "zho_Hans": "zh",
}  # fmt: skip


def read(folder: Path) -> Iterator[Passage]:
    """The sentences of its three splits, in every language that is there."""
    found = [
        (language, path)
        for name, language in LANGUAGES.items()
        for path in sorted(folder.rglob(f"{name}/*.tsv"))
    ]
    if not found:
        raise UnreadableData(f"{folder} has no eng_Latn/*.tsv")
    for language, path in found:
        sheet = read_separated(path, "\t", Problems())
        if not {"index_id", "text"} <= set(sheet.columns):
            raise UnreadableData(f"{path} has no columns index_id and text")
        for number, text in sheet.frame.select("index_id", "text").iter_rows():
            yield Passage("sentence", language, text, f"sib:{number}")


SOURCE = Source(
    "sib", "sib-200", "SIB-200, sentences of FLORES-200 (Meta)", "CC BY-SA 4.0 (FLORES)", read
)
