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
from training.encoding import KeptNews, keep
from training.errors import BadRecipe
from training.evaluation.report import Report, evaluate_scores
from training.examples import ReaderCodes
from training.loop import Run, accelerator
from training.models.build import build, text_sources
from training.models.centring import centre
from training.models.recommender import Recommender
from training.recipe import Recipe
from training.scoring import scores_of


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
    problems: Problems | None = None,
    *,
    validation: bool = True,
) -> Logs:
    """The logs to train with: of ``data`` the last day validates, unless another folder does.

    Without ``validation`` all of ``data`` trains. Raises UnreadableData, Leak, and BadRecipe for a
    log that cannot be split.
    """
    folders = [data] if validate is None else [data, validate]
    training, *others = read_logs(folders, more_news, problems)
    held_out = others[0] if others else None
    if validation and held_out is None:
        training, held_out = split_last_day(training)
    if held_out is not None:
        check_no_leak(training, held_out)
    return Logs(training, held_out, [folder.resolve().name for folder in folders])


def train(recipe: Recipe, logs: Logs, folder: Path) -> Trained:
    """Train in ``folder``, where a run that was cut off goes on.

    Tokens, and what frozen layers give, are kept in ``cache`` beside it for other runs.

    Raises BadRecipe, UnusableEncoder.
    """
    setting = _setting(recipe, logs, folder.parent / "cache")
    recommender, progress = setting.recommender, Progress()
    validate = None
    if logs.validation is not None:
        validate = Validation(logs.validation, setting, recipe)
    if any(parameter.requires_grad for parameter in recommender.parameters()):
        run = Run(
            recommender, recipe.training, logs.training, setting.kept, setting.readers, folder
        )
        progress, recommender = run.train(validate), run.recommender
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
    vocabularies, readers = Vocabularies.of(news), ReaderCodes.of(logs.training)
    sources, known = text_sources(recipe), news.take(learned_from)
    texts = [text for source in sources.values() for text in rendered(known, source.template)]
    recommender, tokenizer = build(recipe, texts, vocabularies, len(readers))
    device = accelerator(recipe.training).device
    recommender.to(device)
    features = features_of(news, tokenizer, sources, vocabularies, cache)
    used = [logs.training] if logs.validation is None else [logs.training, logs.validation]
    rows = np.unique(np.concatenate([log.seen() for log in used]))
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
        """Its metrics as it stands. Raises NothingToEvaluate."""
        length, setting = self.recipe.training.history_length, self.setting
        scores_S = scores_of(
            recommender, setting.kept, self.log, setting.readers, length, setting.device
        )
        return evaluate_scores(self.log, scores_S)

    def __call__(self, recommender: Recommender) -> float:
        """The metric that the recipe stops by. Raises BadRecipe for one that there is none of."""
        estimates, metric = self.report(recommender).estimates, self.recipe.training.metric
        if metric not in estimates:
            raise BadRecipe(f"training.metric: there is no {metric}: {', '.join(estimates)}")
        return estimates[metric].mean
