"""The model card: what a person wants to know before they use an artefact."""

from collections.abc import Mapping
from typing import Final, Protocol

from model_store.manifest import Attribution, Parity, Pooling, Precision, Text
from training.export.trained_encoder import Provenance

NOT_STATED: Final = "not stated"


class Encoding(Protocol):
    """What a card says of an encoder: a TrainedEncoder knows it, and so does a Manifest."""

    @property
    def text(self) -> Text: ...
    @property
    def pooling(self) -> Pooling: ...
    @property
    def dimension(self) -> int: ...
    @property
    def normalised(self) -> bool: ...


def render_card(
    name: str,
    encoder: Encoding,
    provenance: Provenance,
    parity: Mapping[Precision, Parity],
    *,
    centring: int,
) -> str:
    """The card in Markdown; ``centring`` is the number of texts whose mean is subtracted."""
    scoring = provenance.scoring
    return f"""# {name}

A news encoder for Newsstand: it turns an article's text into a vector of {encoder.dimension}
dimensions{_length(encoder)}. Readers are compared with articles by {scoring.kind.replace("_", " ")}
over their newest {scoring.history_length} clicks.

## What is encoded

- Text template: `{encoder.text.template}`, cut at {encoder.text.max_tokens} tokens
- Pooling: {encoder.pooling.replace("_", " ")}
- Centring: {_centring(centring)}
- Languages: {", ".join(provenance.languages) or NOT_STATED}

## Where it comes from

{_lineage(provenance)}

## How close the files are to the trained encoder

Measured against the vectors that torch gives the same texts, before centring.

{_parity_table(parity)}

## Licence and attribution

{_attribution(provenance.attribution)}

## How to use it

`newsstand serve --model {name}` serves the version that `production` points to, and
`newsstand-models promote {name}@VERSION` moves that alias. Everything a program has to know
stands in `manifest.json`; the encoder is `news_encoder.<precision>.onnx` with the inputs
`input_ids` and `attention_mask`, and `tokenizer.json` is read by `tokenizers`.
"""


def _length(encoder: Encoding) -> str:
    return " and length 1" if encoder.normalised else ""


def _centring(texts: int) -> str:
    return f"minus the mean vector of {texts:,} texts" if texts else "none"


def _lineage(provenance: Provenance) -> str:
    lineage = provenance.lineage
    lines = [f"- Recipe: {lineage.recipe}"]
    lines += [f"- {name}: {value}" for name, value in lineage.settings.items()]
    lines += [f"- Data: {name}, {count:,} texts" for name, count in lineage.data.items()]
    return "\n".join(lines)


def _parity_table(parity: Mapping[Precision, Parity]) -> str:
    head = "| precision | texts | largest difference | cosine: mean | 0.1 percentile | least |"
    rows = [
        f"| {precision} | {p.texts:,} | {p.max_absolute_difference:.1e} | {p.mean_cosine:.5f} "
        f"| {p.low_cosine:.5f} | {p.min_cosine:.5f} |"
        for precision, p in parity.items()
    ]
    return "\n".join([head, "|---|---|---|---|---|---|", *rows])


def _attribution(attribution: Attribution) -> str:
    texts = attribution.texts or "none"
    return (
        f"- Weights: {attribution.weights}; licence: {attribution.weights_license}\n"
        f"- Training and centring texts: {texts}; "
        f"licence: {attribution.texts_license or NOT_STATED}"
    )
