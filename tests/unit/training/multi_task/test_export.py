"""What is exported of a multi-task recipe: the recommender whole, and nothing of its heads."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from torch import nn

from model_store.artefact import Artefact
from tests.unit.training.multi_task.conftest import labelled_log, of_bert
from training.data.features import features_of
from training.encoding import keep
from training.evaluation.evaluate import evaluate_on
from training.export.from_recipe import export_trained
from training.run import Logs, train
from training.scoring import Float64, scores_of

LOG = labelled_log(impressions=12)


Served = tuple[Float64, Artefact]


def made(folder: Path, store: Path, *changes: str) -> Served:
    """Torch's scores before adapters are merged, and the artefact. The adapters weigh as much as
    if they had learned for long.
    """
    trained = train(of_bert(folder, *changes), Logs(LOG, None, ["invented"]), store / "run")
    for name, weight in trained.recommender.named_parameters():
        if "lora_" in name:
            nn.init.normal_(weight, std=0.15)
    features = features_of(LOG.news, trained.tokenizer, trained.sources, trained.vocabularies)
    kept = keep(trained.recommender.news, features, LOG.seen())
    scores_S = scores_of(trained.recommender, kept, LOG, trained.readers, 30)
    return scores_S, export_trained(trained, store / "store", "mtrec")


def weights(artefact: Artefact) -> int:
    """How many numbers its ONNX files hold."""
    files = sorted(artefact.folder.rglob("*.onnx"))
    assert files
    return sum(
        numpy_helper.to_array(one, str(file.parent)).size
        for file in files
        for one in onnx.load(file).graph.initializer
    )


@pytest.fixture(scope="module")
def of_several(tiny_bert: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    return made(tiny_bert, tmp_path_factory.mktemp("several"))


def test_it_is_served_as_torch_scores_adapters_and_all(of_several: Served) -> None:
    torch_S, artefact = of_several
    assert artefact.manifest.scoring.kind == "attention"
    served_S = evaluate_on(artefact, LOG, "invented", "fp32").scores_S
    assert np.abs(torch_S).max() > 0
    assert np.abs(served_S - torch_S).max() <= 1e-2 * np.abs(torch_S).max()
    assert artefact.manifest.lineage.settings["multi_task"] == {
        "heads": ["category", "sentiment"],
        "weight": 0.3,
        "surgery": "symmetric",
    }


def test_the_heads_are_left_behind(of_several: Served, tiny_bert: Path, tmp_path: Path) -> None:
    """The artefact holds what one has that was trained on the clicks alone."""
    _, several = of_several
    _, alone = made(tiny_bert, tmp_path, "multi_task=null")
    files = [sorted(path.name for path in one.folder.rglob("*")) for one in (several, alone)]
    assert files[0] == files[1]
    assert weights(several) == weights(alone)
