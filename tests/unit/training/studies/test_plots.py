"""Plots that studies share: all that is given stands in them, on a page that fetches nothing."""

import re

from model_store.estimates import Estimate
from training.studies.plots import Spot, costs_plot, lines_plot


def about(mean: float) -> Estimate:
    return Estimate(mean=mean, standard_error=0.01, count=100)


def drawn_texts(svg: str) -> str:
    """matplotlib notes what it writes beside the shapes of the letters."""
    return " ".join(re.findall(r"<!-- (.*?) -->", svg))


def test_lines_have_their_panels_places_and_names() -> None:
    one = {"minilm": {"0": about(0.6), "2": about(0.7)}, "words": {"0": about(0.5)}}
    svg = lines_plot({"NRMS": one, "NAML": {"words": {"2": about(0.5)}}}, "layers", "AUC", "depth")
    texts = drawn_texts(svg)
    for told in ("NRMS", "NAML", "layers", "AUC", "minilm", "words"):
        assert told in texts
    assert "xmlns" not in svg
    assert lines_plot({"NRMS": one}, "layers", "AUC", "a") == lines_plot(
        {"NRMS": one}, "layers", "AUC", "a"
    )


def test_one_line_alone_needs_no_name() -> None:
    svg = lines_plot({"NRMS": {"minilm": {"0": about(0.6)}}}, "layers", "AUC", "depth")
    assert "minilm" not in drawn_texts(svg)


def test_what_is_on_the_front_bears_its_name_and_costs_are_plain_numbers() -> None:
    spots = {
        "free": Spot(about(0.6), 0.0, on_front=True),
        "good": Spot(about(0.7), 20.0, on_front=True),
        "beaten": Spot(about(0.65), 300.0, on_front=False),
    }
    texts = drawn_texts(costs_plot({"minutes": spots}, "AUC", "costs"))
    assert "free" in texts
    assert "good" in texts
    assert "beaten" not in texts
    assert "mathdefault" not in texts
    assert "100" in texts
