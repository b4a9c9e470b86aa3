"""Every corpus in its own format, some lines long, and all of them invented here."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from training.corpus.sources import libreoffice_help, ntrex, sib

DOCUMENTS: Final = 23
"""So many news of two sentences each; the last 20 of them are held out."""
SUBJECTS: Final = ("The harbour board", "A baker from Ambry", "The second ferry", "Nobody at all")
DEEDS: Final = ("met at noon and", "wrote a long letter and", "found the old lighthouse and")
ENDS: Final = ("went home without a word.", "asked for more time to think.")

NOUNS: Final = """\
  1 This is a licence, which takes some lines and says that this is one.
00000001 03 n 02 harbour_board 0 port_board 0 001 @ 00000002 n 0000 | those who decide when a \
harbour opens; "the harbour board met at noon and went home"
00000002 03 n 01 lighthouse 0 000 | a tower with a lamp that ships look out for  \n"""
VERBS: Final = """\
00000003 30 v 01 moor 0 000 01 + 08 00 | tie a boat to something that stays where it is; \
"she moored the ferry at the second attempt"; "they moor"\n"""
TRIE: Final = "0:2;b1row0;ell,oat0us2;!s;es,ker"
COUNTRY: Final = {
    "Introduction": {
        "Background": {
            "text": "<p>Ambria became a republic after a very long lunch. Its neighbours &amp; "
            "friends were told the next day.</p> Yes."
        }
    },
    "Geography": {"Area": {"total": {"text": "1,200 sq km; 1,100 sq km; 100 sq km; 12; 40"}}},
    "Economy": {"Exports": [{"text": "This stands in a list, where no country keeps its prose."}]},
}
PAGE: Final = """\
<html><body><h1 id="hd_id1" dir="auto">{title}</h1>
<p id="par_id2" class="paragraph" dir="auto"><a name="x"></a>Press <span class="key">Enter</span>
&amp; wait until the <span hidden="true" class="MAC">apple</span>harbour opens.</p>
<p id="par_id3" class="paragraph">{untranslated}</p>
<p id="par_id4">Too short.</p></body></html>
"""


def write_corpora(folder: Path) -> Path:
    """A folder of each corpus that does not stand in the repository; returns ``folder``."""
    write_ntrex(folder / "ntrex-128")
    write_sib(folder / "sib-200")
    write_files(
        folder,
        {
            "wordnet/data.noun": NOUNS,
            "wordnet/data.verb": VERBS,
            "factbook/europe/am.json": json.dumps(COUNTRY),
            "wikipedia-titles/src/_model.js": f"export default `true¦{TRIE}`\n",
        },
    )
    write_help(folder / "libreoffice-help")
    write_annotations(folder / "cldr-annotations")
    return folder


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Each text under its path in the folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def write_ntrex(folder: Path) -> None:
    """As its repository has it."""
    documents = [f"paper.{number}" for number in range(DOCUMENTS) for _ in range(2)]
    files = {"DOCUMENT_IDS.tsv": "\n".join(documents) + "\n"}
    for name, language in ntrex.LANGUAGES.items():
        lines = [sentence(number, language) for number in range(len(documents))]
        kind = "src" if language == "en" else "ref"
        files[f"NTREX-128/newstest2019-{kind}.{name}.txt"] = "\n".join(lines) + "\n"
    files["NTREX-128/newstest2019-ref-2.spa.txt"] = "Another translation.\n" * len(documents)
    write_files(folder, files)


def write_sib(folder: Path) -> None:
    """As its repository has it."""
    files = {}
    for name, language in sib.LANGUAGES.items():
        for start, split in enumerate(("train", "dev", "test")):
            rows = [f"{number}\ttravel\t{sentence(number, language)}" for number in (start, 50)]
            text = "\n".join(["index_id\tcategory\ttext", *rows[: max(1, 2 - start)]])
            files[f"data/annotated/{name}/{split}.tsv"] = text + "\n"
    write_files(folder, files)


def write_help(folder: Path) -> None:
    """One page in every language; its last paragraph is translated into German alone."""
    english = "This was not translated by anybody."
    files = {}
    for name, language in libreoffice_help.LANGUAGES.items():
        untranslated = "Das hier hat jemand übersetzt." if language == "de" else english
        page = PAGE.format(title=f"How the harbour opens, in {language}", untranslated=untranslated)
        files[f"{name}/text/shared/harbour.html"] = page
    write_files(folder, files)


def write_annotations(folder: Path) -> None:
    """Three signs in every language, one of them with a skin tone, and one without keywords."""
    files = {}
    for language in ntrex.LANGUAGES.values():
        name = {"nb": "no"}.get(language, language)
        signs = {
            "⚓": {
                "default": [f"ship {language}", f"anchor {language}"],
                "tts": [f"anchor {language}"],
            },
            "👋🏽": {"default": ["hand", "waving"], "tts": ["waving hand: medium skin tone"]},
            "🛶": {"tts": [f"canoe {language}"]},
            "+": {"default": [], "tts": ["add"]},
        }
        document = {"annotations": {"identity": {"language": name}, "annotations": signs}}
        files[f"annotations/{name}/annotations.json"] = json.dumps(document)
    write_files(folder, files)


def sentence(number: int, language: str) -> str:
    """One of many sentences, parallel in all languages."""
    parts = (SUBJECTS[number % 4], DEEDS[number % 3], ENDS[number % 2])
    if language in ("ja", "zh"):
        return f"第{number}号港湾委员会正午开会然后一言不发地回家了{language}"
    return f"{' '.join(parts)} {number}" + (f" [{language}]" if language != "en" else "")
