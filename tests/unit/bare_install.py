"""Our commands where some packages are not installed."""

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
REFUSING = """
import runpy, sys

_, refused, module, *arguments = sys.argv

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if any(f"{name}.".startswith(f"{one}.") for one in refused.split(",")):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Refusing())
sys.argv = [module, *arguments]
runpy.run_module(module, run_name="__main__")
"""


def run_without(
    packages: Iterable[str], module: str, *arguments: str | Path
) -> subprocess.CompletedProcess[str]:
    """``python -m module arguments``, in a process that finds none of the packages."""
    command = [sys.executable, "-c", REFUSING, ",".join(packages), module, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
