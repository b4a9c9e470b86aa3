"""``newsstand-train run``: a recipe on a log, to a recommender that is ready to be exported.

Shapes: N news, D dimensions.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from pydantic import JsonValue
from tokenizers import Tokenizer

from training.checkpoints import Progress
from training.data.features import TextSource, Vocabularies, features_of, rendered
from training.data.impressions import ImpressionLog
from training.data.logs import read_logs
from training.data.problems import Problems
from training.data.splits import check_no_leak, split_last_day
from training.data.titled import check_titled
from training.encoding import KeptNews, keep
from training.errors import BadRecipe, Diverged, NotWritable
from training.evaluation.report import TITLES, Report, evaluate_scores
from training.examples import ReaderCodes
from training.loop import Run, accelerator
from training.models.build import build, text_sources
from training.models.centring import centre
from training.models.recommender import Recommender
from training.multi_task.objective import ClicksAndTitles
from training.objective import Objective
from training.recipe import Recipe
from training.scoring import scores_of
from training.sentiment.table import with_sentiments


@dataclass(frozen=True, eq=False)
class Logs:
    """What is learned from and what is chosen by, over one news table; ``names`` are for people."""

    training: ImpressionLog
    validation: ImpressionLog | None
    names: Sequence[str]


@dataclass(frozen=True, eq=False)
class Trained:
    """A recommender, and all that its artefact says about it."""

    recipe: Recipe
    recommender: Recommender
    tokenizer: Tokenizer
    sources: dict[str, TextSource]
    vocabularies: Vocabularies
    readers: ReaderCodes
    logs: Logs
    progress: Progress
    validation: Report | None

    def metrics(self) -> dict[str, JsonValue]:
        """The validation's means, each with its standard error and count."""
        if self.validation is None:
            return {}
        return {name: asdict(mean) for name, mean in self.validation.estimates.items()}


def read_training(
    data: Path,
    validate: Path | None,
    more_news: Sequence[Path] = (),
    sentiment: Path | None = None,
    problems: Problems | None = None,
    *,
    validation: bool = True,
) -> Logs:
    """The logs to train with: of ``data`` the last day validates, unless another folder does.

    ``sentiment`` is a file with the sentiments of the news. Without ``validation`` all of ``data``
    trains. Raises UnreadableData, Leak, and BadRecipe for a log that cannot be split.
    """
    folders = [data] if validate is None else [data, validate]
    read = read_logs(folders, more_news, problems)
    if sentiment is not None:
        read = with_sentiments(read, sentiment, problems)
    training, *others = read
    held_out = others[0] if others else None
    if validation and held_out is None:
        training, held_out = split_last_day(training)
    if held_out is not None:
        check_no_leak(training, held_out)
    return Logs(training, held_out, [folder.resolve().name for folder in folders])


def train(recipe: Recipe, logs: Logs, folder: Path, objective: Objective | None = None) -> Trained:
    """Train in ``folder``, where a run that was cut off goes on; without an ``objective`` what
    the recipe says is learned: the clicks alone, or several tasks.

    Tokens, and what frozen layers give, are kept in ``cache`` beside it for other runs.

    Raises BadRecipe, UnusableEncoder, NotWritable, Diverged.
    """
    _check(recipe, logs, folder)
    objective = _objective(recipe, logs, objective)
    setting = _setting(recipe, logs, folder.parent / "cache")
    recommender, progress = setting.recommender, Progress()
    validate = None
    if logs.validation is not None:
        validate = Validation(logs.validation, setting, recipe)
    learns = any(parameter.requires_grad for parameter in recommender.parameters())
    if learns or objective is not None:
        run = Run(
            recommender,
            recipe.training,
            logs.training,
            setting.kept,
            setting.readers,
            folder,
            recipe.model_dump_json(),
            objective,
        )
        progress, recommender = run.train(validate), run.recommender
        recommender.zero_grad()  # whoever keeps several would keep as many gradients
    report = None if validate is None else validate.report(recommender)
    return Trained(
        recipe=recipe,
        recommender=recommender.eval().cpu(),
        tokenizer=setting.tokenizer,
        sources=setting.sources,
        vocabularies=setting.vocabularies,
        readers=setting.readers,
        logs=logs,
        progress=progress,
        validation=report,
    )


def _check(recipe: Recipe, logs: Logs, folder: Path) -> None:
    """What can be known before anything is loaded."""
    metric = recipe.training.metric
    if metric not in TITLES:
        raise BadRecipe(f"training.metric: there is no {metric}: {', '.join(TITLES)}")
    check_titled(logs.training.news, logs.names[0])
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritable(f"{folder} cannot be written: {error.strerror}") from error


def _objective(recipe: Recipe, logs: Logs, given: Objective | None) -> Objective | None:
    """The one that was given, or the recipe's own."""
    own = ClicksAndTitles.of(recipe, logs.training)
    if given is not None and own is not None:
        raise BadRecipe("multi_task: this run has an objective of its own")
    return given or own


@dataclass(frozen=True, eq=False)
class Setting:
    """A recommender before its first step, on its device, and the news as it takes them."""

    recommender: Recommender
    tokenizer: Tokenizer
    sources: dict[str, TextSource]
    vocabularies: Vocabularies
    readers: ReaderCodes
    kept: KeptNews
    device: torch.device


def _setting(recipe: Recipe, logs: Logs, cache: Path) -> Setting:
    news, learned_from = logs.training.news, logs.training.seen()
    sources, known = text_sources(recipe), news.take(learned_from)
    vocabularies, readers = Vocabularies.of(known), ReaderCodes.of(logs.training)
    texts = [text for source in sources.values() for text in rendered(known, source.template)]
    recommender, tokenizer = build(recipe, texts, vocabularies, len(readers))
    process = accelerator(recipe.training)
    device = process.device
    recommender.to(device)
    used = [logs.training] if logs.validation is None else [logs.training, logs.validation]
    rows = np.unique(np.concatenate([log.seen() for log in used]))
    with process.main_process_first():  # the others find it in the cache
        features = features_of(news, tokenizer, sources, vocabularies, cache)
        kept = keep(recommender.news, features, rows, device, cache)
    centre(recommender.news, kept, learned_from)
    return Setting(recommender, tokenizer, sources, vocabularies, readers, kept, device)


@dataclass(frozen=True, eq=False)
class Validation:
    """A log that a recommender is measured on between epochs."""

    log: ImpressionLog
    setting: Setting
    recipe: Recipe

    def report(self, recommender: Recommender) -> Report:
        """Its metrics as it stands. Raises NothingToEvaluate, Diverged."""
        length, setting = self.recipe.training.history_length, self.setting
        scores_S = scores_of(
            recommender, setting.kept, self.log, setting.readers, length, setting.device
        )
        if not np.isfinite(scores_S).all():
            raise Diverged("the scores are no numbers any more: lower training.learning_rate")
        return evaluate_scores(self.log, scores_S)

    def __call__(self, recommender: Recommender) -> float:
        """The metric that the recipe stops by."""
        return self.report(recommender).estimates[self.recipe.training.metric].mean
