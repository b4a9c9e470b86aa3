"""A state moves from one running service to another, and a reader leaves for good."""

import subprocess
import sys
from pathlib import Path

from tests.integration.asking import click, eventually, ids, put, recommend
from tests.integration.service_process import ServiceProcess


def newsstand(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "service.cli", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def on_disk(folder: Path, text: str) -> bool:
    def holds(path: Path) -> bool:
        try:
            return path.is_file() and text.encode() in path.read_bytes()
        except FileNotFoundError:  # the server took it away meanwhile
            return False

    return any(holds(path) for path in folder.rglob("*"))


def test_a_state_is_exported_and_imported_while_both_services_run(tmp_path: Path) -> None:
    old, new, state = tmp_path / "old", tmp_path / "new", tmp_path / "state.jsonl"
    with (
        ServiceProcess("--data-dir", str(old)) as here,
        ServiceProcess("--data-dir", str(new)) as there,
    ):
        for name in "abcd":
            put(here.client, name, f"Harbour story {name}", category="harbour")
        click(here.client, "the-reader", "a", "b")
        page = recommend(here.client, user_id="the-reader")
        named = {"user_id": "the-reader", "recommendation_id": page["recommendation_id"]}
        seen = {**named, "article_id": ids(page)[0], "type": "impression", "event_id": "e"}
        here.client.post("/v1/events", json=[seen])
        newsstand("export", state, "--data-dir", old)
        newsstand("import", state, "--data-dir", new)
        wanted = recommend(here.client, user_id="the-reader", scenario="model")
        eventually(
            lambda: (
                recommend(there.client, user_id="the-reader", scenario="model")["items"]
                == wanted["items"]
            )
        )
        # Each service has remembered its own last lists since.
        told, moved = (
            {k: v for k, v in one.client.get("/v1/users/the-reader").json().items() if k in SAME}
            for one in (here, there)
        )
        assert told == moved
        assert len(told["history"]) == 2
        assert told["shown"][0]["article_id"] == ids(page)[0]
        (repeated,) = there.client.post("/v1/events", json=[seen]).json()["results"]
        assert repeated["status"] == "duplicate"


SAME = {"user_id", "history", "marks", "shown", "history_vector", "event_ids"}


def test_a_reader_who_is_erased_is_soon_gone_from_the_files_of_the_embedded_store(
    tmp_path: Path,
) -> None:
    with ServiceProcess("--data-dir", str(tmp_path)) as running:
        put(running.client, "a", "Harbour story")
        click(running.client, "a-certain-reader", "a")
        recommend(running.client, user_id="a-certain-reader")
        recommend(running.client, user_id="a-certain-reader", limit=3)
        assert on_disk(tmp_path, "a-certain-reader")
        told = running.client.get("/v1/users/a-certain-reader").json()
        assert [one["article_id"] for one in told["history"]] == ["a"]
        assert running.client.delete("/v1/users/a-certain-reader").status_code == 204
        assert running.client.get("/v1/users/a-certain-reader").status_code == 404
        eventually(lambda: not on_disk(tmp_path, "a-certain-reader"))
        assert running.client.get("/v1/articles/a").status_code == 200
