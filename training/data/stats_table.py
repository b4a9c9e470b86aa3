"""A log's figures as the commands print them."""

from collections.abc import Iterator

from rich.table import Table

from training.data.stats import FEW_CLICKS, DataStats


def stats_table(stats: DataStats) -> Table:
    """One figure a row."""
    table = Table("figure", box=None)
    table.add_column("value", justify="right")
    for name, value in _rows(stats):
        table.add_row(name, value)
    return table


def _rows(stats: DataStats) -> Iterator[tuple[str, str]]:
    yield "news", f"{stats.news:,}"
    yield "news with an abstract", f"{stats.news_with_abstract:,}"
    yield "categories", f"{stats.categories:,}"
    yield "subcategories", f"{stats.subcategories:,}"
    for language, count in stats.languages.items():
        yield f"news in {language or 'an unknown language'}", f"{count:,}"
    yield "words in a title, mean", f"{stats.title_words:.1f}"
    yield "characters in a title, mean", f"{stats.title_characters:.1f}"
    if stats.impressions:
        yield from _rows_of_log(stats)


def _rows_of_log(stats: DataStats) -> Iterator[tuple[str, str]]:
    yield "users", f"{stats.users:,}"
    yield "users without a history", f"{stats.cold_users:.1%}"
    yield f"users with at most {FEW_CLICKS} clicks", f"{stats.almost_cold_users:.1%}"
    yield "history, mean", f"{stats.history_mean:.1f}"
    yield "history, median", f"{stats.history_median:g}"
    yield "history, longest", f"{stats.history_max:,}"
    yield "impressions", f"{stats.impressions:,}"
    yield "clicks", f"{stats.clicks:,}"
    yield "clicks in an impression, mean", f"{stats.clicks_per_impression:.2f}"
    yield "candidates in an impression, mean", f"{stats.candidates_per_impression:.1f}"
    for day, count in stats.days.items():
        yield f"impressions on {day}", f"{count:,}"
    yield "first", str(stats.first)
    yield "last", str(stats.last)
