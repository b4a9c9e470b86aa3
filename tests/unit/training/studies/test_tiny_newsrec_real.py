"""All rows of Tiny-NewsRec on the real samples, with an encoder that people have."""

import json
import sys
from pathlib import Path

import pytest

from tests.unit.training.real_data import sample
from training.cli import main
from training.minilm import folder

NEEDED = ("mind-sample", "masakhanews/eng", "msn-bodies/articles.tsv", "ag-news/test.csv")
FEWER = (
    "students=[2, 1]",
    "pairs=160",
    "post_training.copies=2",
    "clicks.impressions=40",
    "measuring.impressions=40",
    "measuring.texts=40",
)
"""Than the small scale has: it is for what a whole row takes, this for whether rows are made."""


@pytest.mark.slow
def test_rows_on_the_real_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [sample(name) for name in NEEDED]
    data = folders[0].parent
    settings = [part for change in (f"encoder={folder()}", *FEWER) for part in ("--set", change)]
    arguments = ["tiny-newsrec", "--data", data, "--scale", "small", *settings]
    places = ["--work", tmp_path / "work", "--report", tmp_path / "report"]
    monkeypatch.setattr(sys, "argv", ["newsstand-train", "study", *map(str, [*arguments, *places])])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    made = json.loads((tmp_path / "report" / "results.json").read_text("utf-8"))["rows"]
    assert {row["state"] for row in made.values()} == {"finished"}
    assert len(made) > 25
    assert len({row["columns"]["auc"]["count"] for row in made.values() if row["columns"]}) == 1
    figures = {name: row["figures"] for name, row in made.items()}
    # MiniLM has 10,646,784 parameters in six layers that are alike.
    of_a_layer = figures["tiny-newsrec-2"]["millions of parameters"]
    of_a_layer -= figures["plm-nr-1"]["millions of parameters"]
    assert of_a_layer == pytest.approx(10.646784 / 6)
    speeds = [figures[name]["texts a second"] for name in ("plm-nr-1", "tiny-newsrec-2", "dp")]
    assert speeds == sorted(speeds, reverse=True)  # one layer, two, six
