"""A whole adaptation: from a folder to a folder, by the library and by the command."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import BartConfig, BartModel

from tests.unit.training.adaptation.conftest import (
    LINES,
    PAIRS,
    SETTINGS,
    TEXTS,
    check_equal,
    weights,
)
from tests.unit.training.real_data import sample
from training.adaptation import adapt as adapting
from training.adaptation.adapt import Adapted, adapt
from training.adaptation.decoder import Autoencoder, Decoder
from training.adaptation.saving import ACCOUNT, DECODER
from training.adaptation.settings import Adaptation
from training.adaptation.whole import Float32, WholeEncoder, load_whole
from training.cli import main
from training.data.features import Vocabularies
from training.encoders.folder import read_folder
from training.encoders.huggingface import dimension, load_encoder
from training.encoders.sentence_encoder import SentenceEncoder
from training.errors import BadRecipe, NotWritable, TrainingError, UnusableEncoder
from training.export.from_folder import Wishes, export_folder
from training.models.build import build
from training.quiet import quiet
from training.recipes import find

SHORT = SETTINGS.model_copy(update={"steps": 4})


def run(base: Path, tmp_path: Path, settings: Adaptation = SHORT) -> Adapted:
    return adapt(settings, base, TEXTS, PAIRS, tmp_path / "work", tmp_path / "out")


def vectors(folder: Path, prefix: str | None = None) -> Float32:
    return load_whole(folder, SETTINGS.max_tokens, prefix).vectors(LINES)


@pytest.fixture
def labse(tiny_bert: Path, tmp_path: Path) -> Path:
    """The tiny BERT as LaBSE is laid out: first token, linear layer, length 1; with a prompt, a
    card, and an ONNX file of the old weights.
    """
    base = tmp_path / "labse"
    base.mkdir()
    for file in tiny_bert.iterdir():
        (base / file.name).write_bytes(file.read_bytes())
    kinds = {"Transformer": "", "Pooling": "1_Pooling", "Dense": "2_Dense", "Normalize": "3_N"}
    modules = [
        {"idx": i, "path": place, "type": f"sentence_transformers.models.{kind}"}
        for i, (kind, place) in enumerate(kinds.items())
    ]
    dense = {"in_features": 64, "out_features": 24, "bias": True}
    stated = {
        "modules.json": modules,
        "1_Pooling/config.json": {"pooling_mode_cls_token": True},
        "2_Dense/config.json": {**dense, "activation_function": "torch.nn.modules.Tanh"},
        "sentence_bert_config.json": {"max_seq_length": 40},
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: "},
            "default_prompt_name": "query",
        },
    }
    for name, content in stated.items():
        (base / name).parent.mkdir(exist_ok=True)
        (base / name).write_text(json.dumps(content), encoding="utf-8")
    torch.manual_seed(2)
    linear = nn.Linear(64, 24)
    weights = {f"linear.{name}": value for name, value in linear.state_dict().items()}
    save_file(weights, base / "2_Dense" / "model.safetensors")
    card = "---\nlicense: mit\nlanguage:\n- en\n- de\n---\n# The base, which scores 99.9\n"
    (base / "README.md").write_text(card, encoding="utf-8")
    (base / "onnx").mkdir()
    (base / "onnx" / "model.onnx").write_bytes(b"the old weights")
    return base


def test_a_run_whose_decoder_begins_alone_goes_on_where_it_was_cut_off(
    tiny_bert: Path, tmp_path: Path
) -> None:
    settings = SHORT.model_copy(update={"decoder_steps": 3})

    def run_to(place: str, stop: int | None = None) -> Adapted:
        calls = iter(range(9))

        def validate(encoder: WholeEncoder) -> float:
            if next(calls) == stop:
                raise KeyboardInterrupt
            return 0.5

        work, out = tmp_path / f"{place} work", tmp_path / place
        return adapt(settings, tiny_bert, TEXTS, PAIRS, work, out, validate)

    whole = run_to("whole")
    with pytest.raises(KeyboardInterrupt):
        run_to("cut off", stop=2)
    resumed = run_to("cut off")
    assert whole.marks == resumed.marks
    assert (vectors(whole.folder) == vectors(resumed.folder)).all()
    assert run_to("cut off").chosen == 2
    with pytest.raises(NotWritable, match="is there already"):
        adapt(
            settings.model_copy(update={"seed": 1}),
            tiny_bert,
            TEXTS,
            PAIRS,
            tmp_path / "other",
            whole.folder,
        )


def test_the_decoder_goes_on_where_another_adaptation_ended(
    tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(tiny_bert, tmp_path / "first")
    kept = load_file(first.folder / DECODER)
    begun: list[dict[str, Tensor]] = []
    original = adapting.take_up

    def take_up(decoder: Decoder, folder: Path) -> None:
        original(decoder, folder)
        begun.append(weights(decoder.own()))

    monkeypatch.setattr(adapting, "take_up", take_up)
    run(first.folder, tmp_path / "second", SHORT.model_copy(update={"objective": "mt"}))
    check_equal(begun[0], kept)


@pytest.mark.parametrize("objective", ["dae", "mt", "dae+mt"])
def test_a_token_told_from_the_corpus_is_told_from_all_that_the_texts_hold(
    tiny_bert: Path, tmp_path: Path, objective: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[Autoencoder] = []

    def autoencoder(encoder: SentenceEncoder, pieces: list[int] | None) -> Autoencoder:
        built.append(Autoencoder(encoder, pieces))
        return built[-1]

    monkeypatch.setattr(adapting, "Autoencoder", autoencoder)
    settings = SHORT.model_copy(update={"objective": objective, "told_from": "corpus"})
    run(tiny_bert, tmp_path, settings)
    told = load_whole(tiny_bert, SETTINGS.max_tokens).told(
        LINES if objective == "dae" else LINES[:20]
    )
    pieces_P = built[0].decoder.pieces_P
    assert pieces_P is not None
    assert pieces_P.tolist() == sorted({piece for text in told for piece in text})


@pytest.mark.parametrize("base", ["tiny_bert", "tiny_xlm_roberta"])
def test_the_folder_gives_the_vectors_of_the_checkpoint_that_was_chosen(
    request: pytest.FixtureRequest, tmp_path: Path, base: str
) -> None:
    seen: list[Float32] = []

    def validate(encoder: WholeEncoder) -> float:
        seen.append(encoder.vectors(LINES))
        return [0.1, 0.7, 0.2][len(seen) - 1]

    folder = request.getfixturevalue(base)
    adapted = adapt(SHORT, folder, TEXTS, None, tmp_path / "work", tmp_path / "out", validate)
    assert (adapted.chosen, [mark.worth for mark in adapted.marks]) == (2, [0.1, 0.7, 0.2])
    found = vectors(adapted.folder)
    assert np.allclose(found, seen[1], atol=1e-4)
    assert not np.allclose(found, seen[2], atol=1e-3)
    assert not np.allclose(found, vectors(folder), atol=1e-3)


def test_all_but_the_weights_is_the_base_folders(labse: Path, tmp_path: Path) -> None:
    adapted = run(labse, tmp_path)
    base, out = read_folder(labse), read_folder(adapted.folder)
    assert replace(out, path=base.path, transformer=base.transformer, dense=base.dense) == base
    assert (out.pooling, out.prefix, out.max_tokens) == ("cls", "query: ", 40)
    assert (out.license, out.languages) == ("mit", ("en", "de"))
    assert "99.9" not in (adapted.folder / "README.md").read_text("utf-8")
    assert not (adapted.folder / "onnx").exists()
    listed = json.loads((adapted.folder / "modules.json").read_text("utf-8"))
    assert [entry["path"] for entry in listed] == ["", "1_Pooling", "2_Dense", "3_N"]
    encoder, before = load_encoder(out, "cls"), load_encoder(base, "cls")
    assert dimension(encoder) == 24
    assert not torch.equal(encoder.dense[0][0].weight, before.dense[0][0].weight)  # type: ignore[index]


def test_a_plain_folder_says_afterwards_how_it_pools_and_what_stands_before_a_text(
    tiny_bert: Path, tmp_path: Path
) -> None:
    assert read_folder(tiny_bert).pooling is None
    adapted = run(tiny_bert, tmp_path, SHORT.model_copy(update={"prefix": "query: "}))
    out = read_folder(adapted.folder)
    assert (out.pooling, out.prefix) == ("mean", "query: ")
    assert np.allclose(vectors(adapted.folder), vectors(adapted.folder, "query: "))
    assert not np.allclose(vectors(adapted.folder), vectors(adapted.folder, ""), atol=1e-3)


def test_a_recipe_takes_it(tiny_bert: Path, tmp_path: Path) -> None:
    recipe = find("late-fusion").changed([f"text.encoder.folder={run(tiny_bert, tmp_path).folder}"])
    recommender, _ = build(recipe, LINES, Vocabularies((), ()), 0)
    assert recommender.news.dimension == 64


@pytest.mark.slow
def test_it_can_be_exported(tiny_bert: Path, tmp_path: Path) -> None:
    adapted = run(tiny_bert, tmp_path)
    artefact = export_folder(adapted.folder, tmp_path / "store", "adapted", Wishes(), roundings={})
    assert artefact.manifest.dimension == 64


def test_a_second_run_goes_on_from_the_first_ones_folder(tiny_bert: Path, tmp_path: Path) -> None:
    """DAE→MT."""
    first = run(tiny_bert, tmp_path / "dae")
    second = run(first.folder, tmp_path / "mt", SHORT.model_copy(update={"objective": "mt"}))
    assert not np.allclose(vectors(second.folder), vectors(first.folder), atol=1e-3)


def test_an_account_says_how_the_weights_came_about(tiny_bert: Path, tmp_path: Path) -> None:
    adapted = run(tiny_bert, tmp_path, SHORT.model_copy(update={"least_texts": 11}))
    assert adapted.dropped == {"deu": 10}
    account = json.loads((adapted.folder / ACCOUNT).read_text("utf-8"))
    assert Adaptation.validated(account["settings"]).least_texts == 11
    assert (account["chosen"], account["dropped"]) == (4, {"deu": 10})
    assert [mark["step"] for mark in account["marks"]] == [2, 4]


def test_done_again_it_makes_the_same_and_leaves_others_folders_alone(
    tiny_bert: Path, tmp_path: Path
) -> None:
    first = run(tiny_bert, tmp_path)
    before = vectors(first.folder)
    assert run(tiny_bert, tmp_path) == first
    assert np.array_equal(vectors(first.folder), before)
    with pytest.raises(NotWritable, match="out is there already"):
        run(tiny_bert, tmp_path, SHORT.model_copy(update={"seed": 1}))
    assert np.array_equal(vectors(first.folder), before)


def encoder_decoder(folder: Path) -> Path:
    """Its tokenizer is there already."""
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    with quiet():
        BartModel(BartConfig(vocab_size=200, **sizes, **heads)).save_pretrained(folder)
    return folder


def test_what_cannot_be_adapted_is_one_line_before_anything_is_trained(
    tiny_bert: Path, tiny_llama: Path, tmp_path: Path
) -> None:
    both = tmp_path / "both"
    both.mkdir()
    (both / "tokenizer.json").write_bytes((tiny_bert / "tokenizer.json").read_bytes())
    longer = SHORT.model_copy(update={"max_tokens": 100})
    many = SHORT.model_copy(update={"least_texts": 21})
    cases: list[tuple[Path, Adaptation, type[TrainingError], str]] = [
        (tiny_llama, SHORT, UnusableEncoder, "a LlamaModel cannot decode"),
        (encoder_decoder(both), SHORT, UnusableEncoder, "holds an encoder-decoder"),
        (tmp_path, SHORT, UnusableEncoder, "has no config.json"),
        (tiny_bert, longer, BadRecipe, "reads at most 80 tokens, not 100"),
        (tiny_bert, many, BadRecipe, "eng has most, 20"),
    ]
    for base, settings, error, said in cases:
        with pytest.raises(error, match=said) as raised:
            run(base, tmp_path / "nothing", settings)
        assert "\n" not in str(raised.value)
    assert not (tmp_path / "nothing").exists()


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["newsstand-train", "adapt", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Two impressions in MIND's format."""
    folder = tmp_path / "log"
    folder.mkdir()
    rows = [f"N{n}\tnews\tworld\t{title}\t\t\t[]\t[]" for n, title in enumerate(LINES[:6])]
    (folder / "news.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    seen = [
        "1\tU1\t11/13/2019 8:36:57 AM\tN0 N1\tN2-0 N3-1",
        "2\tU2\t11/13/2019 8:36:58 AM\tN4\tN5-1 N3-0",
    ]
    (folder / "behaviors.tsv").write_text("\n".join(seen) + "\n", encoding="utf-8")
    return folder


def test_the_command_adapts_chooses_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_bert: Path,
    log: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "eng.txt").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    told = tmp_path / "deu.tsv"
    rows = ["nid\ttitle\tabstract", *(f"N{n}\t{LINES[20 + n]}\t" for n in range(6))]
    told.write_text("\n".join(rows) + "\n", encoding="utf-8")
    changes = ["max_tokens=24", "steps=8", "batch_size=4", "checkpoint_steps=4", "least_texts=2"]
    sets = [word for change in changes for word in ("--set", change)]
    data = ("--texts", tmp_path / "texts", "--validate", log, "--translated", f"de={told}")
    places = ("--encoder", tiny_bert, "--work", tmp_path / "work", "--out", tmp_path / "out")
    assert command(monkeypatch, *data, *places, *sets) == 0
    printed = capsys.readouterr()
    assert "MRR of late fusion: " in printed.out
    assert "steps is in" in printed.out
    assert "s a step: 2 more will take about" in printed.err
    assert read_folder(tmp_path / "out").pooling == "mean"


def test_a_validation_without_titles_is_refused_before_anything_is_loaded(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = ("--texts", tmp_path, "--validate", sample("ebnerd-demo") / "validation")
    places = ("--encoder", tmp_path, "--work", tmp_path / "work", "--out", tmp_path / "out")
    assert command(monkeypatch, *data, *places) == 1
    assert "have no titles: there is nothing to encode" in capsys.readouterr().err


def test_the_command_shows_its_settings_and_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "--show", "--set", "objective=dae+mt") == 0
    shown = Adaptation.validated(json.loads(capsys.readouterr().out))
    assert shown == Adaptation(objective="dae+mt")
    assert command(monkeypatch) == 2
    assert command(monkeypatch, "--show", "--set", "objective=mlm") == 1
    assert command(monkeypatch, "--encoder", ".", "--out", "x", "--translated", "de=x") == 2
    errors = capsys.readouterr().err
    assert "--encoder and --out" in errors
    assert "objective: " in errors


def test_the_command_names_texts_that_are_not_there(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny_bert: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "texts").mkdir()
    places = ("--encoder", tiny_bert, "--out", tmp_path / "out")
    assert command(monkeypatch, *places, "--texts", tmp_path / "texts") == 1
    assert command(monkeypatch, *places) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert "expected files such as eng.txt" in first
    assert second == "newsstand-train: objective dae needs texts"
