"""The kinds of pooling, by the names that options and manifests use."""

from typing import Literal

Pooling = Literal["cls", "mean", "last_token"]
TrainedPooling = Literal[
    "attention", "self_attention", "convolution", "cls_self_attention", "cls_convolution"
]
"""What is learned with the rest: additive attention over the tokens, alone or after
self-attention or a convolution. With ``cls_`` it is given the first token's state alone, a sequence
of length 1, as published code does: attention over one is nothing but a linear layer.
"""
