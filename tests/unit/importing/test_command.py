import json
from collections.abc import Callable
from pathlib import Path

import pytest

from service.importing.errors import BadTarget, StateUnusable
from service.importing.report import ImportReport
from service.importing.sources.formats import SourceFormat
from tests.unit.importing.conftest import Importer
from tests.unit.importing.recording_service import RecordingService
from tests.unit.importing.web_host import WebHost

Write = Callable[[str, str | bytes], Path]


def lines(count: int, title: str = "Title") -> str:
    return "".join(
        json.dumps({"id": f"a{n}", "title": f"{title} {n}"}) + "\n" for n in range(count)
    )


def counts(report: ImportReport) -> tuple[int, int, int]:
    return report.accepted, report.rejected, report.skipped


def test_every_article_arrives_once_in_batches_of_the_given_size(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    report = run_import(write("news.jsonl", lines(25)), batch_size=10)
    assert counts(report) == (25, 0, 0)
    assert (report.created, report.updated, report.unchanged) == (25, 0, 0)
    assert sorted(len(items) for _, _, items in service.posts) == [5, 10, 10]
    assert service.received("article_id") == sorted(f"a{n}" for n in range(25))


def test_a_post_is_newline_delimited_json_with_the_key(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    run_import(write("news.jsonl", lines(1)), api_key="k-1")
    path, headers, items = service.posts[0]
    assert path == "/v1/articles"
    assert headers["content-type"] == "application/x-ndjson"
    assert headers["authorization"] == "Bearer k-1"
    assert items == [{"article_id": "a0", "title": "Title 0"}]


def test_without_a_key_none_is_sent(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    run_import(write("news.jsonl", lines(1)))
    assert "authorization" not in service.posts[0][1]


def test_mind_is_english_unless_told_otherwise(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    row = "N1\tnews\tnewsworld\tTitle\t\thttps://example.org/1\t[]\t[]\n"
    path = write("news.tsv", row)
    run_import(path)
    assert service.articles["N1"].language == "en"
    run_import(path, language="de")
    assert service.articles["N1"].language == "de"
    assert service.articles["N1"].published_at is None


def test_a_table_comes_in_by_its_mapped_columns(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    path = write("news.csv", "key,headline\na b,One\n")
    run_import(path, columns={"article_id": "key", "title": "headline"})
    (article,) = service.articles.values()
    assert (article.title, article.attributes) == ("One", {"original_id": "a b"})


def test_a_feed_comes_in_over_http_and_again_without_a_state(
    run_import: Importer, service: RecordingService, host: WebHost
) -> None:
    item = "<item><title>One</title><link>https://example.org/1</link></item>"
    address = host.serve("/feed", f'<rss version="2.0"><channel>{item}</channel></rss>')
    assert run_import(address).created == 1
    assert run_import(address).unchanged == 1
    assert not run_import.state_folder.exists()
    (article,) = service.articles.values()
    assert article.attributes == {"original_id": "https://example.org/1"}
    assert article.article_id.startswith("h-")


def test_rejected_records_are_listed_with_file_and_line_and_counted(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    content = '{"id": "a", "title": "[red]fine[/red]"}\n{broken\n{"id": "b"}\n{"title": "[b]"}\n'
    path = write("news.jsonl", content + lines(2))
    report = run_import(path)
    assert counts(report) == (3, 3, 0)
    said = run_import.said.getvalue().splitlines()
    assert said[0].startswith(f"{path}:2: is not JSON")
    assert said[1] == f"{path}:3: /title field required"
    assert said[2] == f"{path}:4: has no article_id"
    assert len(said) == 3


def test_only_the_first_rejections_are_listed(run_import: Importer, write: Write) -> None:
    path = write("news.jsonl", "[bold]\n" * 33 + lines(1))
    assert counts(run_import(path, batch_size=7)) == (1, 33, 0)
    said = run_import.said.getvalue().splitlines()
    assert len(said) == 21
    assert said[19].startswith(f"{path}:20: ")
    assert said[20] == "and 13 more rejected"


def test_a_batch_without_any_article_is_not_posted(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    report = run_import(write("news.jsonl", "x\ny\n"), source_format=SourceFormat.JSONL)
    assert counts(report) == (0, 2, 0)
    assert service.posts == []


def test_an_empty_file_is_imported_at_once(run_import: Importer, write: Write) -> None:
    assert counts(run_import(write("news.jsonl", ""))) == (0, 0, 0)


def test_a_report_reads_like_a_sentence() -> None:
    report = ImportReport(1_200, 3, 500, 1_000, 150, 50, 2.04)
    assert str(report) == (
        "1,200 accepted (1,000 new, 150 updated, 50 unchanged), 3 rejected, 500 done before, "
        "in 2.0 s"
    )


@pytest.mark.parametrize("size", [0, -1, 1_001])
def test_a_batch_has_the_size_that_the_service_takes(
    run_import: Importer, write: Write, size: int
) -> None:
    with pytest.raises(ValueError, match="1 to 1,000"):
        run_import(write("news.jsonl", lines(1)), batch_size=size)


@pytest.mark.parametrize("to", ["localhost:8000", "ftp://x", "http://", "http://x:y"])
def test_a_service_has_a_web_address(run_import: Importer, write: Write, to: str) -> None:
    with pytest.raises(BadTarget, match="address"):
        run_import(write("news.jsonl", lines(1)), to=to)


def test_where_progress_cannot_be_kept_nothing_is_sent(
    run_import: Importer, service: RecordingService, write: Write
) -> None:
    write("imports", "a file where the folder should be")
    with pytest.raises(StateUnusable):
        run_import(write("news.jsonl", lines(1)))
    assert service.posts == []
