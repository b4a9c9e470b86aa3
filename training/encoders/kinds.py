"""The kinds of pooling, by the names that options and manifests use."""

from typing import Literal

Pooling = Literal["cls", "mean", "last_token"]
