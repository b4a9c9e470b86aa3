"""NRMS: self-attention over tokens and over clicks (Wu et al., EMNLP 2019)."""

from training.recipe import Recipe, Text, Training, Transformer, Users

RECIPE = Recipe(
    name="nrms",
    source="Wu et al., Neural News Recommendation with Multi-Head Self-Attention, EMNLP 2019",
    text=Text(encoder=Transformer(trained_layers=2), pooling="self_attention", dimension=400),
    users=Users(kind="nrms"),
    training=Training(learning_rate=1e-4, transformer_learning_rate=2e-5),
)
