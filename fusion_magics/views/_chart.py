"""A figure without pyplot, in one look, that shows itself wherever notebooks are shown."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

# The palette of Okabe & Ito (2008), which people tell apart who see fewer colours.
BLUE, ORANGE, GREEN, PINK, RED, SKY = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9",
)  # fmt: skip
INK, DIM, FAINT = "#1c1f24", "#5c6370", "#e3e6eb"

_WIDTH = 6.2  # inches: half a page wide, and it can still be read on a phone
_DPI = 96
_SHARP = 2  # pixels of a screen with fine ones

# For the scripts that matplotlib's own font lacks; those that are not installed are left out.
_FONTS = (
    *("Noto Sans", "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans Arabic", "Noto Sans Hebrew"),
    *("Noto Sans Devanagari", "Noto Sans Thai", "PingFang SC", "Hiragino Sans", "Geeza Pro"),
    *("Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Segoe UI", "Arial Unicode MS"),
)


@contextmanager
def look() -> Iterator[None]:
    """matplotlib's defaults, whatever the user's style is, with ours.

    Names and words are hostile: between two dollars they would be mathematics, and with the user's
    ``text.usetex`` a program for LaTeX. A character that no font has is a box, and not a warning.
    """
    installed = set(fontManager.get_font_names())
    style = {
        "text.parse_math": False,
        "font.family": ["DejaVu Sans", *(font for font in _FONTS if font in installed)],
        "font.size": 9.0,
        "text.color": INK,
        "axes.labelcolor": DIM,
        "axes.edgecolor": FAINT,
        "xtick.color": DIM,
        "ytick.color": INK,
        "xtick.labelcolor": DIM,
        "svg.fonttype": "none",  # a browser has more fonts, and shapes every script
        "svg.hashsalt": "fusion_magics",
    }
    # What says which backend and toolbar are in use is the user's.
    default = {
        key: value
        for key, value in matplotlib.rcParamsDefault.items()
        if not key.startswith(("backend", "toolbar", "interactive", "webagg"))
    }
    with matplotlib.rc_context(default | style), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


class Chart(Figure):
    """A matplotlib ``Figure``; ``alt`` says in words what it shows."""

    alt: str

    def __init__(self, height: float, title: str, caption: str, alt: str) -> None:
        super().__init__(
            figsize=(_WIDTH, height), dpi=_DPI, facecolor="white", layout="constrained"
        )
        FigureCanvasAgg(self)
        self.alt = alt
        # On a dark page it keeps a white ground of its own, with a margin.
        self.get_layout_engine().set(w_pad=0.14, h_pad=0.12)  # type: ignore[union-attr, call-arg]
        self.suptitle(title, x=0.02, ha="left", fontsize=10.5, fontweight="bold")
        self.supxlabel(caption, x=0.02, ha="left", fontsize=8, color=DIM)

    def plain_axes(self) -> Axes:
        """Axes without a box around them."""
        axes = self.subplots()
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        return axes

    def draw(self, renderer: RendererBase) -> None:
        """Draw it in its look."""
        with look():
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save it, as ``matplotlib.figure.Figure.savefig`` does."""
        with look():
            super().savefig(fname, **options)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        image = io.BytesIO()
        self.savefig(image, format="png", dpi=_DPI * _SHARP)
        png = base64.b64encode(image.getvalue()).decode()
        width, height = (round(inches * _DPI) for inches in self.get_size_inches())
        data = {"image/png": png, "text/plain": self.alt}
        return data, {"image/png": {"width": width, "height": height}}
