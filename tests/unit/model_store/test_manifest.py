"""What a manifest may say, and which precision it leads to."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from model_store import layout
from model_store.manifest import Manifest, Precision
from tests.unit.model_store.fake_artefact import write

GOOD: dict[str, Any] = {
    "max_absolute_difference": 0.01,
    "min_cosine": 0.97,
    "mean_cosine": 0.999,
    "low_cosine": 0.99,
    "texts": 100,
}
BARELY_CLOSE: dict[str, Any] = {**GOOD, "mean_cosine": 0.995, "low_cosine": 0.98}
FAR: dict[str, Any] = {**GOOD, "mean_cosine": 0.9}


@pytest.fixture
def fields(tmp_path: Path) -> dict[str, Any]:
    """The fields of a manifest that holds."""
    return write(tmp_path).manifest.model_dump(mode="json")


def with_precisions(fields: dict[str, Any], **parity: dict[str, Any]) -> Manifest:
    """The manifest with these precisions and no other."""
    file = fields["files"][layout.CARD]
    needed = [layout.TOKENIZER, layout.CARD, *map(layout.news_encoder, parity)]
    files = dict.fromkeys(needed, file)
    return Manifest.model_validate({**fields, "files": files, "parity": parity})


def test_a_manifest_survives_its_own_json(fields: dict[str, Any]) -> None:
    manifest = Manifest.model_validate(fields)
    assert Manifest.model_validate_json(manifest.model_dump_json(indent=2)) == manifest


@pytest.mark.parametrize("name", [layout.TOKENIZER, layout.CARD, layout.news_encoder("fp32")])
def test_every_file_that_is_needed_is_listed(fields: dict[str, Any], name: str) -> None:
    del fields["files"][name]
    with pytest.raises(ValidationError, match=f"files are not listed: {name}"):
        Manifest.model_validate(fields)


def test_attention_needs_a_user_encoder(fields: dict[str, Any]) -> None:
    fields["scoring"] = {"kind": "attention", "history_length": 50}
    with pytest.raises(ValidationError, match=layout.USER_ENCODER):
        Manifest.model_validate(fields)
    fields["files"][layout.USER_ENCODER] = fields["files"][layout.CARD]
    assert Manifest.model_validate(fields).scoring.history_length == 50


def test_there_is_always_an_encoder_in_some_precision(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="no news encoder in any precision"):
        with_precisions(fields)


def test_a_precision_is_listed_with_its_file(fields: dict[str, Any]) -> None:
    fields["parity"]["fp16"] = GOOD
    with pytest.raises(ValidationError, match=r"not listed: news_encoder\.fp16\.onnx"):
        Manifest.model_validate(fields)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "News"},
        {"name": "../news"},
        {"name": ""},
        {"name": ".news"},
        {"name": "n" * 101},
        {"version": 0},
        {"dimension": 0},
        {"pooling": "max"},
        {"created_at": "yesterday"},
        {"scoring": {"kind": "late_fusion", "fusion": "median"}},
        {"scoring": {"kind": "late_fusion", "history_length": 0}},
        {"scoring": {"kind": "tea leaves"}},
        {"scoring": {}},
        {"text": {"template": "", "max_tokens": 32}},
        {"text": {"template": "{title}", "max_tokens": 1}},
        {"parity": {"fp64": GOOD}},
        {"parity": {}},
        {"surprise": True},
    ],
)
def test_what_does_not_hold_is_refused(fields: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Manifest.model_validate({**fields, **change})


@pytest.mark.parametrize("name", ["../card.md", "a/b", "..", ".hidden", "a\\b", "/etc/hostname"])
def test_no_file_lies_outside_the_folder(fields: dict[str, Any], name: str) -> None:
    fields["files"][name] = fields["files"][layout.CARD]
    with pytest.raises(ValidationError, match="out of the artefact's folder"):
        Manifest.model_validate(fields)


@pytest.mark.parametrize("digest", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64])
def test_a_digest_is_64_lower_case_digits(fields: dict[str, Any], digest: str) -> None:
    fields["files"][layout.CARD]["sha256"] = digest
    with pytest.raises(ValidationError, match="sha256"):
        Manifest.model_validate(fields)


@pytest.mark.parametrize(
    ("parity", "on_cpu", "on_gpu"),
    [
        ({"fp32": GOOD}, "fp32", "fp32"),
        ({"fp32": GOOD, "fp16": GOOD}, "fp32", "fp16"),
        ({"fp32": GOOD, "int8": GOOD}, "int8", "fp32"),
        ({"fp32": GOOD, "int8": BARELY_CLOSE}, "int8", "fp32"),
        ({"fp32": GOOD, "int8": {**BARELY_CLOSE, "mean_cosine": 0.9949}}, "fp32", "fp32"),
        ({"fp32": GOOD, "int8": {**BARELY_CLOSE, "low_cosine": 0.9799}}, "fp32", "fp32"),
        ({"fp32": GOOD, "int8": GOOD, "fp16": GOOD}, "int8", "fp16"),
        ({"int8": GOOD}, "int8", "int8"),
        ({"int8": FAR}, "int8", "int8"),
        ({"fp16": GOOD}, "fp16", "fp16"),
        ({"fp16": GOOD, "int8": GOOD}, "int8", "fp16"),
        ({"fp16": GOOD, "int8": FAR}, "fp16", "fp16"),
    ],
)
def test_the_precision_follows_what_there_is_the_device_and_the_measured_parity(
    fields: dict[str, Any],
    parity: dict[str, dict[str, Any]],
    on_cpu: Precision,
    on_gpu: Precision,
) -> None:
    manifest = with_precisions(fields, **parity)
    assert manifest.best_precision("cpu") == on_cpu
    assert manifest.best_precision("cuda") == on_gpu
