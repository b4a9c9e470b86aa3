"""Data for a study of every kind that NaSE's reads, some lines of each, all of them our own."""

from pathlib import Path

import pytest

from tests.unit.training.corpus.tiny_corpora import write_files, write_ntrex
from training.export.sample_texts import SAMPLE_TITLES

TITLES = SAMPLE_TITLES[1:160:4]
CATEGORIES = (("news", "world"), ("sport", "rowing"), ("food", "soups"))
UNTRANSLATED = ("N3", "N17")
ENTITIES = ('[{"Type": "P"}]', '[{"Type": "G"}]', "[]", "[]", "[]")
TRAINING_DAYS, TEST_DAYS = ("11/10/2019", "11/11/2019", "11/12/2019"), ("11/13/2019",)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all data sets under their names."""
    folder = tmp_path_factory.mktemp("data")
    news = [
        f"N{n}\t{category}\t{sub}\t{title}\t\thttps://n/{n}\t{ENTITIES[n % 5]}\t[]"
        for n, title in enumerate(TITLES)
        for category, sub in [CATEGORIES[n % 3]]
    ]
    told = [
        f"N{n}\t{SAMPLE_TITLES[2 + 4 * n]}\t"
        for n in range(len(TITLES))
        if f"N{n}" not in UNTRANSLATED
    ]
    write_files(
        folder,
        {
            "mind-sample/train/news.tsv": "\n".join(news) + "\n",
            "mind-sample/train/behaviors.tsv": _behaviours(TRAINING_DAYS),
            "mind-sample/dev/news.tsv": "\n".join(news) + "\n",
            "mind-sample/dev/behaviors.tsv": _behaviours(TEST_DAYS),
            "xmind-sample/cmn/news.tsv": "\n".join(["nid\ttitle\tabstract", *told]) + "\n",
            "masakhanews/eng/dev.tsv": _articles(0),
            "masakhanews/eng/test.tsv": _articles(10),
        },
    )
    write_ntrex(folder / "ntrex-128")
    return folder


def _behaviours(days: tuple[str, ...]) -> str:
    """Twelve impressions a day; every fourth reader has no history yet."""
    lines = []
    for day in days:
        for n in range(12):
            history = " ".join(f"N{(n + k) % 40}" for k in range(n % 4))
            shown = f"N{n + 2}-1 N{n + 7}-0 N{n + 12}-0 N{n + 23}-{n % 2}"
            lines.append(f"{day}-{n}\tU{n}\t{day} 8:{n:02d}:00 AM\t{history}\t{shown}")
    return "\n".join(lines) + "\n"


def _articles(first: int) -> str:
    rows = [
        f'news\t{title}\t"{title}. It was said that {title}! So it ends.\nToo short."\thttps://a'
        for title in SAMPLE_TITLES[first : first + 10]
    ]
    return "\n".join(["category\theadline\ttext\turl", *rows]) + "\n"
