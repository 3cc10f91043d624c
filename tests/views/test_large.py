"""A hundred candidates of 2,000 words each: the size of what is saved, and told to a page."""

from __future__ import annotations

import json

import nbformat
import pytest
from large_by_hand import KINDS, large, texts_of

from fusion_magics.views.blind import html, text
from fusion_magics.views.live.requests import result


def size(value: str) -> int:
    return len(value.encode())


@pytest.mark.parametrize("kind", KINDS)
def test_the_saved_cell_is_hardly_larger_than_its_texts(kind: str) -> None:
    fused = large(kind)
    data = {"text/html": html(fused, "0123456789ab"), "text/plain": text(fused)}
    output = nbformat.v4.new_output("display_data", data=data)
    cell = nbformat.v4.new_code_cell("%%fuse\nHow?", outputs=[output])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    empty = nbformat.v4.new_notebook()
    saved = size(nbformat.writes(notebook)) - size(nbformat.writes(empty))
    assert saved <= 1.3 * sum(map(size, texts_of(fused)))


def test_a_page_is_not_sent_the_texts_again() -> None:
    fused = large()
    sent = size(json.dumps(result(fused)))
    assert sent < 0.1 * sum(map(size, texts_of(fused)))
