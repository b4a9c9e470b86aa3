"""NaSE's rows on the real samples, with an encoder that people have."""

import json
import sys
from pathlib import Path

import pytest

from tests.unit.training.real_data import sample
from training.cli import main
from training.minilm import folder

NEEDED = ("mind-sample", "xmind-sample/cmn/news.tsv", "ntrex-128", "masakhanews/eng")
ADAPTED = {"base", "dae", "mt", "dae+mt", "dae-to-mt", "best"}
TRAINED = {"nrms-base-frozen-zero", "naml-base-tuned-zero", "lstur-best-frozen-few"}
FEWER = (
    "measuring.impressions=40",
    "measuring.sentences=20",
    "measuring.centring=200",
    "choosing.impressions=10",
    "adaptation.steps=4",
    "adaptation.decoder_steps=4",
    "adaptation.checkpoint_steps=2",
    "recommenders.impressions=60",
    "recommenders.few=20",
    "recommenders.epochs=1",
)
"""Than the small scale has: it is for what a whole row takes, this for whether rows are made."""


@pytest.mark.slow
def test_rows_on_the_real_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [sample(name) for name in NEEDED]
    data = folders[0].parent
    settings = [part for change in (f"encoder={folder()}", *FEWER) for part in ("--set", change)]
    rows = [part for row in sorted(TRAINED | {"best"}) for part in ("--row", row)]
    arguments = ["nase", "--data", data, "--scale", "small", *settings, *rows]
    places = ["--work", tmp_path / "work", "--report", tmp_path / "report"]
    monkeypatch.setattr(sys, "argv", ["newsstand-train", "study", *map(str, [*arguments, *places])])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    made = json.loads((tmp_path / "report" / "results.json").read_text("utf-8"))["rows"]
    finished = {name: row for name, row in made.items() if row["state"] == "finished"}
    assert set(finished) == (ADAPTED - {"base"}) | TRAINED
    for column in ("source/auc", "zh/auc"):
        assert len({row["columns"][column]["count"] for row in finished.values()}) == 1
    for name in ("dae", "mt", "dae+mt", "dae-to-mt"):
        facts = finished[name]["facts"]
        assert facts["chosen step"] in (2, 4)
        assert "other language" in facts["texts to learn from"]
        assert finished[name]["columns"]["retrieval/mean"]["count"] == 20
    assert (
        finished["dae"]["facts"]["texts to learn from"]
        != (finished["mt"]["facts"]["texts to learn from"])
    )
