"""LSTUR: long- and short-term interests, by default LSTUR-ini (An et al., ACL 2019).

LSTUR-con is ``--set users.kind=lstur_con``.
"""

from training.recipe import Recipe, Text, Training, Transformer, Users

RECIPE = Recipe(
    name="lstur",
    source="An et al., Neural News Recommendation with Long- and Short-term User Representations, "
    "ACL 2019",
    text=Text(encoder=Transformer(trained_layers=2), pooling="convolution", dimension=300),
    news="lstur",
    users=Users(kind="lstur_ini"),
    training=Training(learning_rate=1e-4, transformer_learning_rate=2e-5),
)
