"""Which device the encoder takes, and what is said where a GPU cannot be used."""

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from model_store.errors import NoGpu
from model_store.news_encoder import NewsEncoder
from service.adapters import gpu_probe
from service.adapters.devices import PROBE, chosen_device, why_no_driver, why_no_gpu
from service.errors import SetupError
from tests.attention_artefacts import Workshop

REASON = why_no_gpu()
without_gpu = pytest.mark.skipif(REASON is None, reason="there is a GPU")
with_gpu = pytest.mark.skipif(REASON is not None, reason=f"no GPU: {REASON}")


@without_gpu
def test_auto_takes_the_cpu_and_says_once_why(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert chosen_device("auto") == "cpu"
    assert caplog.messages == [
        f"the encoder runs on the CPU, for no GPU can be used: {REASON}",
    ]


@without_gpu
def test_a_gpu_that_is_demanded_and_not_there_stops_the_start_with_the_reason() -> None:
    with pytest.raises(SetupError, match="NEWSSTAND_DEVICE=cuda") as refused:
        chosen_device("cuda")
    assert str(refused.value).endswith(str(REASON))


@without_gpu
def test_an_encoder_is_not_quietly_loaded_on_the_cpu_instead(workshop: Workshop) -> None:
    with pytest.raises(NoGpu):
        NewsEncoder(workshop.make("nrms").artefact, "fp32", device="cuda")


@with_gpu
def test_auto_takes_the_gpu() -> None:
    assert chosen_device("auto") == chosen_device("cuda") == "cuda"


@with_gpu
@pytest.mark.parametrize("architecture", ["naml", "nrms"])
def test_vectors_on_the_gpu_are_those_of_the_cpu(workshop: Workshop, architecture: str) -> None:
    from tests.unit.model_store.test_news_views import news_of

    artefact, news = workshop.make(architecture).artefact, news_of(workshop, architecture)
    on_gpu = NewsEncoder(artefact, "fp32", device="cuda")
    on_cpu = NewsEncoder(artefact, "fp32")
    assert on_gpu.encode(news) == pytest.approx(on_cpu.encode(news), abs=1e-4)


def test_the_cpu_is_taken_without_a_word_where_it_is_asked_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        assert chosen_device("cpu") == "cpu"
    assert not caplog.messages


def test_a_driver_that_is_not_there_is_named() -> None:
    assert "no NVIDIA driver (libnone" in str(why_no_driver("libnone.so.1"))


@pytest.mark.parametrize(
    ("start", "gpus", "said"),
    [
        (0, 1, None),
        (0, 0, "the NVIDIA driver shows no GPU"),
        (100, 0, "the NVIDIA driver shows no GPU"),
        (999, 0, "the NVIDIA driver does not start (CUDA error 999)"),
    ],
)
def test_the_driver_is_asked_for_its_gpus(
    tmp_path: Path, start: int, gpus: int, said: str | None
) -> None:
    source, library = tmp_path / "driver.c", tmp_path / "driver.so"
    source.write_text(
        f"int cuInit(unsigned flags) {{ return {start}; }}\n"
        f"int cuDeviceGetCount(int *count) {{ *count = {gpus}; return 0; }}\n"
    )
    try:
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    except FileNotFoundError:
        pytest.skip("no C compiler is here")
    assert why_no_driver(str(library)) == said


def test_the_probes_graph_is_valid_and_gives_back_what_it_is_given() -> None:
    onnx.checker.check_model(onnx.load_from_string(gpu_probe.IDENTITY), full_check=True)
    session = ort.InferenceSession(gpu_probe.IDENTITY, providers=["CPUExecutionProvider"])
    (y,) = session.run(None, {"x": np.array([3, 1], np.float32)})
    assert y.tolist() == [3, 1]


@without_gpu
def test_the_probe_fails_with_the_cause() -> None:
    done = subprocess.run([sys.executable, "-m", PROBE], capture_output=True, text=True)
    assert done.returncode == 1
    assert "CPUs" in done.stderr or "CUDA" in done.stderr
