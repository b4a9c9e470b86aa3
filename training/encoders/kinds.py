"""The kinds of pooling, by the names that options and manifests use."""

from typing import Literal

Pooling = Literal["cls", "mean", "last_token"]
TrainedPooling = Literal["attention", "self_attention", "convolution"]
"""What is learned with the rest: additive attention over the tokens, alone or after
self-attention or a convolution.
"""
