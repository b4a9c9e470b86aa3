"""infinity-emb, an HTTP server of embeddings, on torch or on ONNX Runtime (its engine optimum). It
runs in an environment of its own:

    python3.11 -m venv bench/out/peers/infinity
    bench/out/peers/infinity/bin/pip install -r bench/encoders/infinity.txt
"""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "INFINITY_ANONYMOUS_USAGE_STATS": "0",
}
START_SECONDS = 180.0


@contextmanager
def infinity(
    python: Path, folder: Path, engine: str, batch_size: int, log: Path
) -> Iterator[tuple[int, int]]:
    """Serve a Hugging Face folder until the block ends; gives process id and port.

    For ``engine`` optimum the folder also holds an ONNX file, which the server optimises first and
    writes beside it. Nothing is fetched, and no vector is kept for a text that comes again.
    """
    port = _free_port()
    command = [
        *(str(python.with_name("infinity_emb")), "v2", "--model-id", str(folder.absolute())),
        *("--served-model-name", "m", "--engine", engine, "--device", "cpu"),
        *("--batch-size", str(batch_size), "--pooling-method", "mean", "--log-level", "warning"),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--no-trust-remote-code", "--no-vector-disk-cache"),
    ]
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env={**os.environ, **OFFLINE})
        try:
            _await_ready(process, port, log)
            yield process.pid, port
        finally:
            process.terminate()
            process.wait()


def _await_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError(f"infinity-emb did not come up: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port
