"""Ours: late fusion over a frozen, centred encoder, and from there what a small log can teach.

A residual layer on the news, attention over the clicks and a common inclination all start at
nothing, so that training starts from late fusion.
"""

from training.recipe import Recipe, Text, Training, Transformer, Users

RECIPE = Recipe(
    name="inclined",
    source="ours",
    text=Text(
        encoder=Transformer(),
        pooling="mean",
        max_tokens=64,
        centred=True,
        dimension=None,
        residual=True,
    ),
    users=Users(kind="inclined"),
    training=Training(learning_rate=3e-4, temperature=0.1, epochs=10, patience=4, next_clicks=4.0),
)
