"""Stage I: what a student begins as, what its teachers tell it, and how it ends."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.unit.training.compression.conftest import STAGE_ONE
from tests.unit.training.conftest import learned
from tests.unit.training.post_training.tiny_pairs import PAIRS, TOWER, cut_off
from tests.unit.training.slopes import check_slope
from training.compression.first_layers import first_layers
from training.compression.settings import Losses, StageOne, Weighing
from training.compression.stage_one import (
    Pupil,
    Taught,
    TaughtBatch,
    TaughtMatching,
    stage_one,
    vectors_of,
)
from training.encoders.folder import read_folder
from training.encoders.huggingface import load_encoder
from training.errors import BadRecipe
from training.models.depth import depth
from training.post_training.contrastive import Matching, PostTrained, news_tower
from training.post_training.pairs import Pair, PairTokens

ROWS = np.array([1, 8, 30, 31])


def state_of(folder: Path) -> dict[str, Tensor]:
    """Without the pooler, which no folder of ours holds."""
    state = load_encoder(read_folder(folder), "mean").transformer.state_dict()
    return {name: weights for name, weights in state.items() if not name.startswith("pooler.")}


@pytest.mark.parametrize("layers", [4, 2, 1])
def test_the_students_layers_are_its_teachers_first(
    layers: int, post_trained: PostTrained, tmp_path: Path
) -> None:
    teacher = state_of(post_trained.newest)
    student = state_of(first_layers(post_trained.newest, layers, tmp_path / "student"))
    kept = {name for name in teacher if not name.startswith("encoder.layer.")}
    kept |= {
        name for name in teacher for n in range(layers) if name.startswith(f"encoder.layer.{n}.")
    }
    assert set(student) == kept
    assert all(torch.equal(weights, teacher[name]) for name, weights in student.items())
    heads = [
        {
            name: w
            for name, w in news_tower(folder, TOWER, 1)[0].state_dict().items()
            if name[:4] in ("pool", "tail")
        }
        for folder in (post_trained.newest, tmp_path / "student")
    ]
    assert len(heads[0]) == 5
    assert all(torch.equal(weights, heads[1][name]) for name, weights in heads[0].items())
    assert state_of(post_trained.newest).keys() == teacher.keys()


@pytest.fixture(scope="module")
def lesson(
    post_trained: PostTrained, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., TaughtMatching]:
    """With so many teachers, the last of the copies for one."""
    work = tmp_path_factory.mktemp("lesson")

    def of(teachers: int) -> TaughtMatching:
        _, tokenizer = news_tower(post_trained.newest, TOWER, 1)
        tokens = PairTokens.of(PAIRS, tokenizer, TOWER.title_tokens, TOWER.body_tokens)
        known = [
            vectors_of(copy, tokens, tokenizer, STAGE_ONE, work)
            for copy in post_trained.copies[-teachers:]
        ]
        return TaughtMatching(Matching(tokens, 4), known)

    return of


def batch_of(lesson: TaughtMatching) -> TaughtBatch:
    return lesson.batch(ROWS, np.random.default_rng(3))


def pupil_of(folder: Path, teachers: int, losses: Losses) -> Pupil:
    """Without dropout, so that losses can be compared."""
    encoder, _ = news_tower(folder, TOWER, 1)
    return Pupil(encoder, [16] * teachers, losses).eval()


def test_the_teachers_vectors_are_what_they_give_when_asked(
    post_trained: PostTrained, lesson: Callable[..., TaughtMatching]
) -> None:
    given = batch_of(lesson(2))
    for number, copy in enumerate(post_trained.copies):
        encoder = news_tower(copy, TOWER, 1)[0].eval()
        with torch.inference_mode():
            titles, bodies = encoder(*given.pairs.titles), encoder(*given.pairs.bodies)
        torch.testing.assert_close(given.titles_MUE[number], titles, atol=1e-4, rtol=0)
        torch.testing.assert_close(given.bodies_MBE[number], bodies, atol=1e-4, rtol=0)


def test_a_student_that_is_its_single_teacher_has_nothing_to_learn_from_it(
    post_trained: PostTrained, lesson: Callable[..., TaughtMatching]
) -> None:
    batch = batch_of(lesson(1))
    embeddings = pupil_of(post_trained.newest, 1, Losses(own=False, soft_labels=False))
    assert float(embeddings(batch).detach()) == pytest.approx(0, abs=1e-8)
    soft = pupil_of(post_trained.newest, 1, Losses(own=False, embeddings=False, temperature=2))
    loss = soft(batch)
    loss.backward()
    bodies, titles = batch.bodies_MBE[0], batch.titles_MUE[0]
    scores_BC = (titles[batch.pairs.candidates_BC] * bodies.unsqueeze(1)).sum(-1)
    chances_BC = (scores_BC / 2).softmax(-1)
    entropy = -(chances_BC * chances_BC.log()).sum(-1).mean()
    assert float(loss.detach()) == pytest.approx(4 * float(entropy), abs=1e-4)
    gradients = [p.grad.abs().max() for p in soft.encoder.parameters() if p.grad is not None]
    assert gradients
    assert max(gradients) < 1e-4
    plain = pupil_of(post_trained.newest, 1, Losses(soft_labels=False, embeddings=False))
    plain(batch).backward()
    assert max(p.grad.abs().max() for p in plain.encoder.parameters() if p.grad is not None) > 1e-3


def test_with_one_teacher_it_is_plain_distillation(
    post_trained: PostTrained, lesson: Callable[..., TaughtMatching], tmp_path: Path
) -> None:
    batch = batch_of(lesson(1))
    student = first_layers(post_trained.newest, 2, tmp_path / "student")
    pupil = pupil_of(student, 1, Losses(temperature=2))
    with torch.inference_mode():
        found = float(pupil(batch))
        titles, bodies = pupil.encoder(*batch.pairs.titles), pupil.encoder(*batch.pairs.bodies)
    candidates = batch.pairs.candidates_BC.tolist()
    theirs, of_bodies = batch.titles_MUE[0], batch.bodies_MBE[0]
    expected = 0.0
    for row, places in enumerate(candidates):
        mine = torch.stack([titles[place] @ bodies[row] for place in places])
        other = torch.stack([theirs[place] @ of_bodies[row] for place in places])
        expected -= 4 * float(((other / 2).softmax(0) * (mine / 2).log_softmax(0)).sum())
        expected += float((titles[places[0]] - theirs[places[0]]).square().mean())
        expected += float((bodies[row] - of_bodies[row]).square().mean())
        expected -= float(mine.log_softmax(0)[0])
    assert found == pytest.approx(expected / len(candidates), abs=1e-4)


def test_a_title_and_a_body_share_a_teachers_projection(
    lesson: Callable[..., TaughtMatching], post_trained: PostTrained
) -> None:
    pupil = pupil_of(post_trained.newest, 2, Losses())
    assert {name for name, _ in pupil.project.named_parameters()} == {
        f"layers.{n}.{part}" for n in range(2) for part in ("weight", "bias")
    }
    pupil(batch_of(lesson(2))).backward()
    assert all(p.grad is not None for p in pupil.project.parameters())


def test_a_student_learns_under_its_teachers(
    taught: Taught, lesson: Callable[..., TaughtMatching]
) -> None:
    """Without soft labels, whose loss no student brings below what they themselves leave open."""
    batch = batch_of(lesson(2))
    pupil = pupil_of(taught.folder, 2, Losses(soft_labels=False))
    before, after = learned(pupil, lambda: pupil(batch))
    assert after < before / 2


def test_the_students_folder_is_a_whole_encoder(taught: Taught) -> None:
    assert len(taught.losses) == 3
    assert depth(load_encoder(read_folder(taught.folder), "mean").transformer) == 2


def test_teachers_are_asked_once(
    post_trained: PostTrained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stage_one(post_trained.copies, PAIRS, STAGE_ONE, tmp_path)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "vectors").iterdir()}
    assert len(files) == 4
    cut_off(monkeypatch, 0)
    assert stage_one(post_trained.copies, PAIRS, STAGE_ONE, tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "vectors").iterdir()} == files


def test_a_stage_that_is_cut_off_ends_as_if_it_had_not_been(
    post_trained: PostTrained, taught: Taught, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        cut_off(patch, 13)
        with pytest.raises(KeyboardInterrupt):
            stage_one(post_trained.copies, PAIRS, STAGE_ONE, tmp_path)
    resumed = stage_one(post_trained.copies, PAIRS, STAGE_ONE, tmp_path)
    assert resumed.losses == pytest.approx(taught.losses, abs=1e-6)
    one, other = state_of(resumed.folder), state_of(taught.folder)
    assert all(torch.allclose(one[name], other[name], atol=1e-6) for name in one)


def test_other_teachers_or_losses_are_another_run(
    post_trained: PostTrained, taught: Taught
) -> None:
    work = taught.folder.parent
    for copies, change in (
        (post_trained.copies[1:], "losses.own=true"),
        (post_trained.copies, "losses.weights=equal"),
        (post_trained.copies, "losses.embeddings=false"),
    ):
        with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
            stage_one(copies, PAIRS, STAGE_ONE.changed([change]), work)


@pytest.mark.parametrize(
    ("change", "pairs", "message"),
    [
        ("layers=5", PAIRS, "cannot begin with 5 of its teacher's 4"),
        ("tower.title_tokens=10", PAIRS, "tower.title_tokens: .* learned with 12, not 10"),
        ("tower.body_tokens=20", PAIRS, "tower.body_tokens: .* learned with 24, not 20"),
        ("negatives=4", PAIRS[:3], "4 other titles are wanted for a body, and there are 2"),
        ("negatives=1", [], "1 other titles are wanted for a body, and there are 0"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(
    change: str, pairs: list[Pair], message: str, post_trained: PostTrained, tmp_path: Path
) -> None:
    settings: StageOne = STAGE_ONE.changed([change])
    with pytest.raises(BadRecipe, match=message):
        stage_one(post_trained.copies, pairs, settings, tmp_path)
    assert not (tmp_path / "checkpoint").exists()


def test_no_teachers_and_those_that_never_matched_are_refused(
    four_layers: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadRecipe, match="needs a teacher at least"):
        stage_one([], PAIRS, STAGE_ONE, tmp_path)
    with pytest.raises(BadRecipe, match="holds no post-trained news encoder"):
        stage_one([four_layers], PAIRS, STAGE_ONE, tmp_path)


def test_teachers_may_have_other_dimensions_than_their_student(
    post_trained: PostTrained, lesson: Callable[..., TaughtMatching]
) -> None:
    some = batch_of(lesson(1))
    narrow = TaughtBatch(some.pairs, (some.titles_MUE[0][:, :5],), (some.bodies_MBE[0][:, :5],))
    encoder, _ = news_tower(post_trained.newest, TOWER, 1)
    pupil = Pupil(encoder, [5], Losses()).eval()
    assert float(pupil(narrow).detach()) > 0


@pytest.mark.parametrize("weights", ["adaptive", "equal"])
def test_the_gradient_is_that_of_the_whole_loss(
    post_trained: PostTrained, lesson: Callable[..., TaughtMatching], weights: Weighing
) -> None:
    batch = batch_of(lesson(2))
    vectors = (batch.titles_MUE, batch.bodies_MBE)
    titles, bodies = (tuple(one.double() for one in some) for some in vectors)
    given = TaughtBatch(batch.pairs, titles, bodies)
    losses = Losses(temperature=2, own_weight=0.2, weights=weights)
    pupil = pupil_of(post_trained.newest, 2, losses).double()
    with torch.no_grad():  # its teacher no more
        for weight in pupil.parameters():
            weight.mul_(1.1)
    check_slope(pupil, lambda: pupil(given))
