"""Our DAE beside sentence-transformers' TSDAE: the same weights, the same batches, the same losses.

It needs an environment that holds both, made from the repository's root by

    python3.11 -m venv bench/out/peers/tsdae
    bench/out/peers/tsdae/bin/pip install \
        -r bench/encoders/sentence_transformers.txt -e '.[training,minilm]'

and then ``bench/out/peers/tsdae/bin/python -m bench.tsdae --encoder FOLDER`` prints the losses of
the first steps and how much processor time a step takes each, turn by turn. Texts are NTREX-128's
sentences in all its languages, or with ``--titles`` MIND's or the sample's. Their decoder gets our
cross-attention and head; nothing drops out; both learn by the same optimiser. Tokenising stands
outside the clock. The encoder must be a BERT that pools by mean (multilingual-e5-small,
all-MiniLM).
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import DenoisingAutoEncoderLoss
from torch import Tensor, nn
from torch.optim import AdamW

from bench.data import sentences, titles
from bench.machine import describe
from training import minilm
from training.adaptation.decoder import Autoencoder, batch_of
from training.adaptation.learning import optimiser_of
from training.adaptation.noise import noise
from training.adaptation.settings import Adaptation
from training.adaptation.whole import WholeEncoder, load_whole
from training.encoders.huggingface import save_transformer
from training.quiet import quiet

TOLERANCE = 1e-4
"""How far, of itself, a loss may lie from the other's: float32 sums in another order."""
FIRST = 3
"""So many losses are compared; from the second on both have learned from what came before."""

Ids = list[list[int]]


@dataclass(frozen=True)
class Batch:
    """Token ids of what is read and of what is told."""

    read: Ids
    told: Ids


@dataclass(frozen=True)
class Side:
    """One of the two: the loss of a batch, and what learns from it."""

    loss: Callable[[Batch], Tensor]
    optimiser: AdamW

    def step(self, batch: Batch) -> float:
        """Learn from a batch; its loss."""
        loss = self.loss(batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return float(loss.detach())

    def seconds_a_step(self, batches: Sequence[Batch]) -> float:
        """Learn from some batches: processor time, which is not others' on a busy machine."""
        started = time.process_time()
        for batch in batches:
            self.step(batch)
        return (time.process_time() - started) / len(batches)


def main() -> None:
    """Print losses and ratios; exit with 1 if the losses differ."""
    options = _options()
    torch.set_num_threads(options.threads)
    settings = Adaptation(max_tokens=options.max_tokens, batch_size=options.batch_size)
    with tempfile.TemporaryDirectory() as name:
        folder = _without_dropout(options.encoder, Path(name), settings)
        whole = load_whole(folder, settings.max_tokens)
        torch.manual_seed(settings.seed)
        model = Autoencoder(whole.module).train()
        theirs = _theirs(folder, model, settings)
    ours = Side(lambda b: model(batch_of(b.read, b.told)), optimiser_of(model, settings))
    texts = [] if options.titles else sentences()
    batches = _batches(whole, settings, texts or titles(20_000)[1], options)
    losses = [(ours.step(batch), theirs.step(batch)) for batch in batches[:FIRST]]
    print("| step | our loss | sentence-transformers' |\n|---|---|---|")
    for number, (one, other) in enumerate(losses, 1):
        print(f"| {number} | {one:.6f} | {other:.6f} |")
    _race(ours, theirs, batches[FIRST:], options.steps)
    print(f"\n{describe()}; {torch.get_num_threads()} threads; {options.encoder}, {settings!r}")
    sys.exit(any(abs(one - other) > TOLERANCE * other for one, other in losses))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, default=minilm.folder())
    parser.add_argument("--titles", action="store_true", help="instead of sentences")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--steps", type=int, default=4, help="in a turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1, help="torch's")
    return parser.parse_args()


def _without_dropout(encoder: Path, folder: Path, settings: Adaptation) -> Path:
    """Transformer and tokenizer alone, which either side pools by the mean."""
    whole = load_whole(encoder, settings.max_tokens)
    transformer: Any = whole.module.transformer
    config = transformer.config
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    save_transformer(transformer, whole.folder, folder)
    return folder


def _batches(
    whole: WholeEncoder, settings: Adaptation, texts: Sequence[str], options: argparse.Namespace
) -> list[Batch]:
    """Random texts in random order."""
    random, found = Random(settings.seed), []
    for _ in range(FIRST + options.rounds * options.steps):
        told = random.choices(texts, k=settings.batch_size)
        read = [noise(text, settings.deletion, random) for text in told]
        found.append(Batch(whole.read(read), whole.told(told)))
    return found


def _theirs(folder: Path, model: Autoencoder, settings: Adaptation) -> Side:
    """Their loss over the same weights, with our new ones put in."""
    with quiet():
        encoder = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
        loss = DenoisingAutoEncoderLoss(encoder).train()
    layers = loss.decoder.bert.encoder.layer
    for layer, ours in zip(layers, model.decoder.crossings, strict=True):
        _take(layer.crossattention.self.value, ours.value)
        _take(layer.crossattention.output.dense, ours.output)
        _take(layer.crossattention.output.LayerNorm, ours.norm)
    head = loss.decoder.cls.predictions
    _take(head.transform.dense, model.decoder.head.dense)
    _take(head.transform.LayerNorm, model.decoder.head.norm)
    padding = loss.tokenizer_decoder.pad_token_id
    learned = AdamW(
        loss.parameters(), settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    return Side(lambda b: loss([_padded(b.read, padding), _padded(b.told, padding)], None), learned)


def _take(theirs: nn.Module, ours: Any) -> None:
    theirs.load_state_dict(ours.state_dict())


def _padded(texts: Ids, padding: int) -> dict[str, Tensor]:
    """What their pipeline makes of token ids."""
    width = max(map(len, texts))
    ids = [[*some, *[padding] * (width - len(some))] for some in texts]
    mask = [[1] * len(some) + [0] * (width - len(some)) for some in texts]
    return {"input_ids": torch.tensor(ids), "attention_mask": torch.tensor(mask)}


def _race(ours: Side, theirs: Side, batches: Sequence[Batch], steps: int) -> None:
    """Turn by turn over the same batches; the ratio is taken within a turn."""
    ratios = []
    print("\n| turn | our seconds a step | sentence-transformers' | ratio |\n|---|---|---|---|")
    for first in range(0, len(batches), steps):
        some = batches[first : first + steps]
        one, other = ours.seconds_a_step(some), theirs.seconds_a_step(some)
        ratios.append(other / one)
        print(f"| {len(ratios)} | {one:.2f} | {other:.2f} | {other / one:.2f} |", flush=True)
    least, most = min(ratios), max(ratios)
    print(f"\nratio {statistics.median(ratios):.2f} ({least:.2f} to {most:.2f}); wanted: 2.0")


if __name__ == "__main__":
    main()
