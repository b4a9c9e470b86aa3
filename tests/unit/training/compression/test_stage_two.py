"""Stage II: fine-tuned teachers, their ensemble, and the student that learns clicks under them."""

import copy
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.unit.training.compression.conftest import FINE_TUNING, LOG, LOGS, begun
from tests.unit.training.conftest import learned
from tests.unit.training.slopes import check_slope
from training import loop
from training.compression.settings import Losses
from training.compression.stage_one import Taught
from training.compression.stage_two import Pupil, UnderTeachers, stage_two
from training.compression.teachers import (
    Answers,
    Teacher,
    ensemble_report,
    ensemble_scores,
    fine_tune,
    recipe_of,
    teacher_of,
)
from training.data.features import features_of
from training.data.ragged import Ragged
from training.encoding import keep
from training.errors import BadRecipe
from training.evaluation.report import evaluate_scores
from training.examples import Batch, Examples, batch_of
from training.loop import Run
from training.models.depth import depth
from training.models.news.encoder import NewsEncoder
from training.models.recommender import Recommender
from training.run import Trained

ROWS = np.arange(len(LOG.news))
EXAMPLES = Examples(
    Ragged.of([[0, 4, 4], [], [7, 1, 2, 9]]),
    np.array([[5, 1, 2], [3, 6, 8], [10, 7, 11]]),
    np.zeros(3, np.int64),
)
"""Three readers, the second without clicks; an item stands twice in a history."""


def batch(trained: Trained) -> Batch:
    features = features_of(LOG.news, trained.tokenizer, trained.sources, trained.vocabularies)
    return batch_of(EXAMPLES, keep(trained.recommender.news, features, ROWS))


def pupil_of(trained: Trained, teachers: int, **losses: Any) -> Pupil:
    return Pupil(trained.recommender, [16] * teachers, Losses.model_validate(losses)).eval()


@pytest.fixture(scope="module")
def known(teachers: list[Trained], tmp_path_factory: pytest.TempPathFactory) -> list[Teacher]:
    work = tmp_path_factory.mktemp("known")
    return [teacher_of(teacher, LOGS.training, work) for teacher in teachers]


def test_a_fine_tuned_teacher_begins_with_its_copys_head(
    teachers: list[Trained], tmp_path: Path
) -> None:
    folder = teachers[0].recipe.text.encoder.folder  # type: ignore[union-attr]
    assert folder is not None
    still = FINE_TUNING.changed(["training.epochs=0"])
    begun = fine_tune(folder, LOGS, still, tmp_path / "a").recommender.news
    again = fine_tune(
        folder, LOGS, still.changed(["training.seed=1"]), tmp_path / "b"
    ).recommender.news
    assert all(
        torch.equal(one, other)
        for one, other in zip(begun.parameters(), again.parameters(), strict=True)
    )


def test_a_teachers_answers_are_what_it_gives_when_asked(
    teachers: list[Trained], known: list[Teacher]
) -> None:
    for trained, teacher in zip(teachers, known, strict=True):
        given = batch(trained)
        with torch.inference_mode():
            scores_BC = trained.recommender.eval()(given)
        answers = teacher.answers(given)
        torch.testing.assert_close(answers.scores_BC, scores_BC, atol=1e-4, rtol=0)
        assert not answers.scores_BC.requires_grad
        assert answers.users_BE[1].abs().max() == 0  # a reader without clicks


def test_a_student_that_is_its_single_teacher_has_nothing_to_learn_from_it(
    teachers: list[Trained], known: list[Teacher]
) -> None:
    given = batch(teachers[0])
    answers = [known[0].answers(given)]
    embeddings = pupil_of(teachers[0], 1, own=False, soft_labels=False)
    assert float(embeddings(given, answers).detach()) == pytest.approx(0, abs=1e-8)
    soft = pupil_of(teachers[0], 1, own=False, embeddings=False, temperature=2)
    soft.zero_grad()
    loss = soft(given, answers)
    loss.backward()
    chances_BC = (answers[0].scores_BC / 2).softmax(-1)
    entropy = -(chances_BC * chances_BC.log()).sum(-1).mean()
    assert float(loss.detach()) == pytest.approx(4 * float(entropy), abs=1e-4)
    gradients = [p.grad.abs().max() for p in soft.parameters() if p.grad is not None]
    assert gradients
    assert max(gradients) < 1e-4


def test_the_loss_of_a_batch_is_as_computed_reader_by_reader(
    teachers: list[Trained], known: list[Teacher]
) -> None:
    """The student is the first teacher, beside both of them."""
    given = batch(teachers[0])
    answers = [teacher.answers(given) for teacher in known]
    with torch.inference_mode():
        found = float(pupil_of(teachers[0], 2)(given, answers))
    mine, expected = answers[0], 0.0
    place_of = {row: place for place, row in enumerate(given.rows_U.tolist())}
    for reader in range(3):
        rows = [*EXAMPLES.history[reader].tolist(), *EXAMPLES.candidates_EC[reader].tolist()]
        places = [place_of[row] for row in rows]
        right = torch.stack([one.scores_BC[reader].softmax(0)[0] for one in answers])
        betas = right / right.sum()
        chances = [one.scores_BC[reader].softmax(0) for one in answers]
        labels = betas[0] * chances[0] + betas[1] * chances[1]
        surprises = -mine.scores_BC[reader].log_softmax(0)
        expected += float((labels * surprises).sum() + surprises[0])
        for beta, other in zip(betas, answers, strict=True):
            news = (other.news_UE[places] - mine.news_UE[places]).square().mean()
            user = (other.users_BE[reader] - mine.users_BE[reader]).square().mean()
            expected += float(beta * (news + user))
    assert found == pytest.approx(expected / 3, abs=1e-4)


def test_padding_behind_a_history_changes_nothing(
    teachers: list[Trained], known: list[Teacher]
) -> None:
    """Alone the first reader has three clicks, beside the third one place of padding."""
    pupil = pupil_of(teachers[1], 2)
    kept = keep(teachers[1].recommender.news, features(teachers[1]), ROWS)
    losses = []
    with torch.inference_mode():
        for places in ([0], [2], [0, 2]):
            some = batch_of(EXAMPLES.take(np.array(places)), kept)
            losses.append(float(pupil(some, [one.answers(some) for one in known])))
    assert losses[2] == pytest.approx((losses[0] + losses[1]) / 2, abs=1e-4)


def features(trained: Trained) -> Any:
    return features_of(LOG.news, trained.tokenizer, trained.sources, trained.vocabularies)


def test_teachers_learn_nothing(teachers: list[Trained], known: list[Teacher]) -> None:
    student = copy.deepcopy(teachers[0])
    student.recommender.requires_grad_(True)
    objective = UnderTeachers(known, Losses())
    model = objective.around(student.recommender)
    objective.loss(model, batch(student)).backward()
    assert all(p.grad is not None for p in student.recommender.parameters())
    for teacher in known:
        assert all(p.grad is None and not p.requires_grad for p in teacher.users.parameters())
        assert not {id(p) for p in teacher.users.parameters()} & {id(p) for p in model.parameters()}


def test_the_ensembles_scores_are_the_mean_of_its_teachers(teachers: list[Trained]) -> None:
    log = LOGS.validation
    assert log is not None
    one, other = (ensemble_scores([teacher], log) for teacher in teachers)
    assert np.abs(one - other).max() > 1e-4
    np.testing.assert_allclose(ensemble_scores(teachers, log), (one + other) / 2, atol=1e-5)
    report = ensemble_report(teachers[:1], log)
    assert report.estimates["auc"] == evaluate_scores(log, one).estimates["auc"]
    with pytest.raises(BadRecipe, match="needs a teacher at least"):
        ensemble_scores([], log)


def weights(recommender: Recommender) -> dict[str, Tensor]:
    return {name: p.detach().clone() for name, p in recommender.named_parameters()}


@pytest.fixture(scope="module")
def whole(
    taught: Taught, teachers: list[Trained], tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """A student of two layers, from post-training through both stages."""
    work = tmp_path_factory.mktemp("two")
    return stage_two(taught.folder, teachers, LOGS, FINE_TUNING, Losses(), work)


def test_a_student_learns_under_its_teachers(
    taught: Taught, teachers: list[Trained], known: list[Teacher]
) -> None:
    """Without soft labels, whose loss no student brings below what they themselves leave open."""
    given, objective = batch(teachers[0]), UnderTeachers(known, Losses(soft_labels=False))
    model = objective.around(begun(taught.folder))
    before, after = learned(model, lambda: objective.loss(model, given))
    assert after < before / 2


def test_from_post_training_to_a_fine_tuned_student(
    teachers: list[Trained], whole: Trained
) -> None:
    assert len(whole.progress.losses) == 3
    assert whole.validation is not None
    news: NewsEncoder = whole.recommender.news
    ((_, title),) = news.text_encoders()
    assert depth(title.trained.transformer) == 2  # type: ignore[union-attr]
    assert set(weights(whole.recommender)) == {
        name
        for name in weights(teachers[0].recommender)
        if ".layer.2." not in name and ".layer.3." not in name
    }


def test_a_stage_that_is_cut_off_ends_as_if_it_had_not_been(
    taught: Taught,
    teachers: list[Trained],
    whole: Trained,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step, steps = Run._step, count()

    def breaking(self: Run, examples: Examples) -> float:
        if next(steps) == whole_steps + 4:
            raise KeyboardInterrupt
        return step(self, examples)

    whole_steps = -(-int((LOGS.training.labels == 1).sum()) // 8)
    monkeypatch.setattr(loop, "CHECKPOINT_STEPS", 3)
    with monkeypatch.context() as patch:
        patch.setattr(Run, "_step", breaking)
        with pytest.raises(KeyboardInterrupt):
            stage_two(taught.folder, teachers, LOGS, FINE_TUNING, Losses(), tmp_path)
    resumed = stage_two(taught.folder, teachers, LOGS, FINE_TUNING, Losses(), tmp_path)
    assert resumed.progress.losses == pytest.approx(whole.progress.losses, abs=1e-6)
    expected = weights(whole.recommender)
    for name, found in weights(resumed.recommender).items():
        torch.testing.assert_close(found, expected[name], atol=1e-6, rtol=0)


def test_other_losses_or_teachers_are_another_run(
    taught: Taught, teachers: list[Trained], tmp_path: Path
) -> None:
    short = FINE_TUNING.changed(["training.epochs=1"])
    stage_two(taught.folder, teachers, LOGS, short, Losses(), tmp_path)
    for some, losses in ((teachers, Losses(own_weight=0.2)), (teachers[:1], Losses())):
        with pytest.raises(BadRecipe, match="holds a run of other settings or data"):
            stage_two(taught.folder, some, LOGS, short, losses, tmp_path)


def test_a_teacher_that_reads_its_readers_otherwise_is_another(known: list[Teacher]) -> None:
    first, second = known
    mixed = Teacher(first.news_NE, second.users)
    marks = [UnderTeachers([one], Losses()).identity for one in (first, second, mixed, first)]
    assert len(set(marks)) == 3
    assert marks[0] == marks[3]


def test_teachers_that_read_titles_otherwise_are_refused(
    taught: Taught, teachers: list[Trained], tmp_path: Path
) -> None:
    longer = FINE_TUNING.changed(["title_tokens=14"])
    with pytest.raises(BadRecipe, match=r"teacher 1 reads 12 tokens .* its student 14 tokens"):
        stage_two(taught.folder, teachers, LOGS, longer, Losses(), tmp_path)
    with pytest.raises(BadRecipe, match="needs a teacher at least"):
        stage_two(taught.folder, [], LOGS, FINE_TUNING, Losses(), tmp_path)


def test_the_recipe_is_the_papers() -> None:
    recipe = recipe_of(Path("x"), FINE_TUNING.model_validate({}))
    training = recipe.training
    assert (recipe.text.max_tokens, recipe.text.dimension, recipe.text.pooling) == (
        30,
        256,
        "attention",
    )
    assert (training.history_length, training.negatives, recipe.users.kind) == (50, 4, "additive")


def test_the_gradient_is_that_of_the_whole_loss(
    teachers: list[Trained], known: list[Teacher]
) -> None:
    given, losses = batch(teachers[0]), Losses(temperature=2, own_weight=0.2)
    answers = [
        Answers(one.news_UE.double(), one.users_BE.double(), one.scores_BC.double())
        for one in (teacher.answers(given) for teacher in known)
    ]
    student = copy.deepcopy(teachers[1].recommender)
    pupil = Pupil(student, [16, 16], losses).double().eval()
    with torch.no_grad():  # its teacher no more
        for weight in pupil.parameters():
            weight.mul_(1.1)
    check_slope(pupil, lambda: pupil(given, answers))
