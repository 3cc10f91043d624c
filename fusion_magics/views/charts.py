"""A fusion as figures that can be saved: scores, agreement, timeline, cost (needs matplotlib)."""

from __future__ import annotations

import base64
import io
from types import ModuleType
from typing import TYPE_CHECKING

from ..errors import UsageError, did_you_mean
from ..types import Fusion
from ._html import esc

if TYPE_CHECKING:
    from ._chart import Chart

KINDS = ("scores", "agreement", "timeline", "cost")
"""The words of :func:`plot`; each is a function of :mod:`fusion_magics.views._figures`."""


def plot(fusion: Fusion, kind: str = "scores") -> Chart:
    """``fusion`` as a matplotlib ``Figure`` that shows itself in any notebook.

    It is not one of pyplot's: nothing is shown twice, and none must be closed.

    Parameters
    ----------
    kind : str
        ``scores`` (by member, 0 to 10, with criteria and the votes of jurors), ``agreement`` (how
        much alike the answers are, 0 to 1), ``timeline`` (what each model did when, in seconds)
        or ``cost`` (score against US dollars, or tokens or seconds where it is free or unknown).

    Raises
    ------
    UsageError
        If there is no such kind, nothing to plot, or no matplotlib.
    """
    if kind not in KINDS:
        hint = f"{did_you_mean(str(kind), KINDS)}There is: {', '.join(KINDS)}."
        raise UsageError(f"There is no chart {kind!r}.", hint)
    chart: Chart = getattr(_figures(), kind)(fusion)
    return chart


def _figures() -> ModuleType:
    try:
        import matplotlib  # noqa: F401
    except ImportError as exc:
        raise UsageError("plot() needs matplotlib.", "pip install 'fusion-magics[plots]'") from exc
    from . import _figures

    return _figures


def svg(fusion: Fusion, kind: str = "scores") -> str:
    """The chart as an SVG document; see :func:`plot`. Equal fusions give equal documents."""
    return _written(plot(fusion, kind))


def _written(chart: Chart) -> str:
    document = io.StringIO()
    chart.savefig(document, format="svg", metadata={"Date": None})
    return document.getvalue()


def chart_panel(fusion: Fusion, kind: str = "scores") -> str:
    """The chart as an image with a text in its place, to stand within a view; see :func:`plot`.

    In an image nothing of an SVG document runs or loads.
    """
    chart = plot(fusion, kind)
    content = base64.b64encode(_written(chart).encode()).decode()
    source = f"data:image/svg+xml;base64,{content}"
    return f'<p class="fz-chart"><img src="{source}" alt="{esc(chart.alt)}"></p>'
