"""Additive attention over clicks, titles by attention over tokens: Tiny-NewsRec's teacher shape.

MTRec's form, with a weight for each dimension, is ``--set users.kind=additive_per_dimension``.
"""

from training.recipe import Recipe, Text, Training, Transformer, Users

RECIPE = Recipe(
    name="additive",
    source="Yu et al., Tiny-NewsRec, EMNLP 2022",
    text=Text(encoder=Transformer(trained_layers=2), pooling="attention", dimension=256),
    users=Users(kind="additive"),
    training=Training(learning_rate=1e-4, transformer_learning_rate=2e-5),
)
