"""How many texts a second are encoded: our engine, ONNX Runtime alone, sentence-transformers, and,
over HTTP, our service and infinity-emb. One run, round by round in turn, so that what else the
machine does meets all of them; ratios are taken within a round, and their medians shown.

Each contender has a process of its own. Those with settings are first tried with all of them, and
run with their best: batch size and session options of ONNX Runtime, batch size and threads of
sentence-transformers, batch size of infinity-emb, texts a request and requests in flight over HTTP.
Our engine, sentence-transformers and both servers tokenise under the clock, ONNX Runtime alone
before it. Over HTTP ``POST /v1/articles`` answers when an article is stored with its vector, in the
log, durable and searchable; infinity-emb sends the vectors back and stores nothing.

The peers have environments of their own, as ``bench/encoders/sentence_transformers_peer.py`` and
``bench/encoders/infinity.py`` say; without them their rows are left out.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from itertools import cycle, islice
from pathlib import Path

from bench.data import sentences, titles
from bench.encoders.contenders import Sample
from bench.encoders.field import Field, Lane, Peers
from bench.encoders.table import Rounds, lanes_table, ratios, ratios_table
from bench.machine import describe
from model_store.artefact import Artefact
from model_store.inputs import ArticleReader
from model_store.store import ModelStore
from training import minilm

TRIAL_TEXTS = 128


def main() -> None:
    """Measure, print tables, and add the artefact's part to ``bench/out/encoder.json``."""
    options = _options()
    artefact = ModelStore.at(options.model_store).load(options.model)
    peers = Peers(
        options.weights or minilm.folder(), options.sentence_transformers, options.infinity
    )
    corpora = _corpora(artefact)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        trial = next(iter(corpora.values()))[-TRIAL_TEXTS:]
        field = Field(artefact, peers, Path(name), stack, trial)
        lanes = []
        for lane in field.lanes():
            lanes.append(lane.tried(trial))
            print(f"{lane.name}: {lanes[-1].about} {lanes[-1].settings[0]}", flush=True)
        found = {
            corpus: _rounds(lanes, texts, options.texts, options.rounds)
            for corpus, texts in corpora.items()
        }
    _report(artefact, lanes, found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model-store", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--weights", type=Path, help="its Hugging Face folder; all-MiniLM-L6")
    parser.add_argument("--sentence-transformers", type=Path, help="its environment's Python")
    parser.add_argument("--infinity", type=Path, help="its environment's Python")
    parser.add_argument("--texts", type=int, default=1_000, help="in a round")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def _corpora(artefact: Artefact) -> dict[str, list[str]]:
    """Real texts as the artefact wants them; NTREX-128 in English, or in all of its languages."""
    read = ArticleReader.of(artefact.manifest).read
    source, news = titles(60_000)
    translated = sentences("eng" if artefact.manifest.languages == ("en",) else "*")
    corpora = {source: news, "NTREX-128": translated}
    return {
        name: [read({"title": text}).text for text in texts]
        for name, texts in corpora.items()
        if texts
    }


def _rounds(lanes: Sequence[Lane], texts: Sequence[str], count: int, rounds: int) -> Rounds:
    """Each lane's samples; a round has texts of its own, the same for all."""
    found: dict[str, list[Sample]] = {lane.name: [] for lane in lanes}
    source = cycle(texts)
    for _ in range(rounds):
        given = list(islice(source, count))
        for lane in lanes:
            found[lane.name].append(lane.round(given))
    return found


def _report(artefact: Artefact, lanes: Sequence[Lane], found: Mapping[str, Rounds]) -> None:
    print(f"{describe()}; {artefact.manifest.reference}")
    best = artefact.manifest.best_precision("cpu")
    corpora = {}
    for corpus, rounds in found.items():
        compared = ratios(rounds, best)
        print(f"\n### {corpus}\n\n{lanes_table(lanes, rounds)}\n\n{ratios_table(compared)}")
        samples = {name: [asdict(sample) for sample in each] for name, each in rounds.items()}
        corpora[corpus] = {"samples": samples, "ratios": compared}
    settings = {lane.name: {"about": lane.about, **lane.settings[0]} for lane in lanes}
    parity = {name: each.model_dump() for name, each in artefact.manifest.parity.items()}
    out = Path("bench/out/encoder.json")
    out.parent.mkdir(exist_ok=True)
    results = json.loads(out.read_text()) if out.exists() else {}
    results[artefact.manifest.reference] = {
        "machine": describe(),
        "settings": settings,
        "parity": parity,
        "corpora": corpora,
    }
    out.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    main()
