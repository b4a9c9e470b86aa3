"""How far sentiments can be trusted that a labeller gave: on NewsMTSC's held-out documents.

``python -m bench.sentiment --encoder FOLDER --encoder "FOLDER=query: "`` measures VADER, and a head
over each encoder, behind its prefix where one is said.
"""

import argparse
import sys
import time
from pathlib import Path

from bench.data import NEWSMTSC
from bench.machine import describe
from training.sentiment.accuracy import Accuracy
from training.sentiment.label import head_over
from training.sentiment.labeller import Labeller
from training.sentiment.sentences import Sentences, read_sentences
from training.sentiment.vader import vader


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", action="append", default=[], metavar="FOLDER[=PREFIX]")
    options = parser.parse_args()
    if not NEWSMTSC.exists():
        sys.exit(f"there is no {NEWSMTSC}; name a folder with newsmtsc in NEWSSTAND_DATA")
    sentences = read_sentences(NEWSMTSC)
    print("| labeller | right | macro F1 | seconds, of one core |\n|---|---|---|---|")
    _measure("VADER", vader, sentences, time.process_time())
    for said in options.encoder:
        folder, equals, prefix = said.partition("=")
        started = time.process_time()
        head = head_over(Path(folder), prefix if equals else None, sentences.known)
        _measure(f"head over {Path(folder).name}", head, sentences, started)
    easy = Accuracy.of(lambda texts: ["negative"] * len(texts), sentences.held_out).most_frequent
    print(
        f"\n{describe()}; {len(sentences.held_out):,} sentences held out, {len(sentences.known):,} "
        f"learned from, {sentences.disputed} left out as disputed; the most frequent label alone "
        f"is right in {easy:.3f}"
    )


def _measure(name: str, labeller: Labeller, sentences: Sentences, started: float) -> None:
    found = Accuracy.of(labeller, sentences.held_out)
    right = f"{found.right.mean:.3f} ± {found.right.standard_error:.3f}"
    took = time.process_time() - started
    print(f"| {name} | {right} | {found.macro_f1:.3f} | {took:,.1f} |", flush=True)


if __name__ == "__main__":
    main()
