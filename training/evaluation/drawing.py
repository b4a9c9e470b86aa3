"""What all plots share: SVG that stands in a page, whose ink is the page's, light or dark.

matplotlib is imported where it draws, since evaluating needs none.
"""

import html
import io
import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#010203"
"""Stands for the page's own colour of text, for which matplotlib has no name."""
MODEL: Final = "#2f86d0"
OTHERS: Final = "#8a8a8a"


@contextmanager
def style(name: str) -> Iterator[None]:
    """Names are text, never formulas; and the same plot is the same SVG, to the byte."""
    import matplotlib

    with matplotlib.rc_context(
        {
            "text.color": INK,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "text.parse_math": False,
            "svg.hashsalt": name,
        }
    ):
        yield


def blank(width: float, height: float) -> "Figure":
    """A figure of so many inches on the page's own ground."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="none")
    FigureCanvasSVG(figure)
    return figure


def titled(axes: "Axes", title: str) -> None:
    """A panel under its title, with a faint grid."""
    axes.set_facecolor("none")
    axes.set_title(title, fontsize="medium")
    axes.grid(alpha=0.3)


def wrapped(names: Iterable[str], width: int) -> Sequence[str]:
    """The names in lines of so many letters."""
    return [textwrap.fill(name, width) for name in names]


def as_svg(figure: "Figure", name: str, said: str) -> str:
    """Without namespaces, which a page needs not; ids begin with the plot's name, to be unique."""
    drawn = io.StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(drawn, format="svg", metadata=nothing)
    svg = drawn.getvalue()[drawn.getvalue().index("<svg") :].replace(INK, "currentColor")
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{name}-", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(said)}"', 1)
