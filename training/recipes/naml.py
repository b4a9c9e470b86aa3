"""NAML: title, abstract, category and subcategory as views (Wu et al., IJCAI 2019)."""

from training.recipe import Recipe, Text, Training, Transformer, Users

RECIPE = Recipe(
    name="naml",
    source="Wu et al., Neural News Recommendation with Attentive Multi-View Learning, IJCAI 2019",
    text=Text(encoder=Transformer(trained_layers=2), pooling="convolution", dimension=400),
    news="naml",
    users=Users(kind="additive"),
    training=Training(learning_rate=1e-4, transformer_learning_rate=2e-5),
)
