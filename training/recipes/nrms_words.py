"""NRMS as published: over word vectors (Wu et al., EMNLP 2019)."""

from training.recipe import Recipe, Text, Training, Users, WordVectors

RECIPE = Recipe(
    name="nrms-words",
    source="Wu et al., Neural News Recommendation with Multi-Head Self-Attention, EMNLP 2019",
    text=Text(encoder=WordVectors(), pooling="self_attention", dimension=400),
    users=Users(kind="nrms"),
    training=Training(learning_rate=1e-4),
)
