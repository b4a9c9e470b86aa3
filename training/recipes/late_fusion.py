"""Late fusion over a frozen encoder: nothing is trained (NaSE, arXiv 2406.12634)."""

from training.recipe import Recipe, Text, Training, Transformer, Users

RECIPE = Recipe(
    name="late-fusion",
    source="Iana et al., News Without Borders, arXiv 2406.12634",
    text=Text(encoder=Transformer(), pooling="mean", max_tokens=64, centred=True, dimension=None),
    users=Users(kind="mean"),
    training=Training(epochs=0),
)
