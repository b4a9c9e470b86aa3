"""MTRec: clicks, and what the clicked titles are about, through low-rank adapters.

Surgery on the main task's terms is ``--set multi_task.surgery=main_priority``, the poster's third
head ``--set 'multi_task.heads=["category", "sentiment", "entities"]'``.
"""

from training.recipe import Lora, MultiTask, Recipe, Text, Training, Transformer, Users

RECIPE = Recipe(
    name="mtrec",
    source="Bi et al., MTRec: Multi-Task Learning over BERT for News Recommendation, Findings of "
    "ACL 2022, as Vasilev, Krastev and Toapanta made it again",
    text=Text(
        encoder=Transformer(trained_layers=None, lora=Lora(rank=16, alpha=16)),
        pooling="cls",
        dimension=None,
    ),
    users=Users(kind="additive_per_dimension"),
    multi_task=MultiTask(),
    training=Training(
        learning_rate=2e-5,
        schedule="one_cycle",
        warm_up=0.1,
        history_length=30,
        negatives=4,
    ),
)
