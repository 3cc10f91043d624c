"""Reads HTML as a browser would, for tests: elements, their attributes and their text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from fusion_magics.types import Fusion
from fusion_magics.views import bundle

VOID = {"br", "img", "hr", "input", "meta", "link"}


@dataclass
class Element:
    """An element; ``children`` are elements and texts."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def text(self) -> str:
        if self.tag == "br":
            return "\n"
        if self.tag == "style":
            return ""
        return "".join(c if isinstance(c, str) else c.text for c in self.children)

    def all(self, tag: str = "", css: str = "") -> list[Element]:
        """Elements below this one, in document order."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                if tag in ("", child.tag) and (not css or css in child.classes):
                    found.append(child)
                found += child.all(tag, css)
        return found

    def one(self, tag: str = "", css: str = "") -> Element:
        (found,) = self.all(tag, css)
        return found


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def read(html: str) -> Element:
    """The root of ``html``; fails if its elements are not well nested."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.open == [builder.root], "an element was left open"
    return builder.root


def page(fused: Fusion) -> Element:
    """What the table view shows of ``fused``."""
    return read(bundle(fused)["text/html"])


def rows(root: Element) -> list[dict[str, Element]]:
    """The rows of the candidates' tables: column → cell, failures with ``failure``."""
    found = []
    for table in root.all("table", "fz-t"):
        heads = [th.text.strip() for th in table.one("thead").all("th")]
        for row in table.one("tbody").all("tr"):
            cells = [c for c in row.children if isinstance(c, Element)]
            if "fz-fail" in row.classes:
                heads_here = ["rank", "member", "failure"]
                assert 2 + int(cells[2].attributes["colspan"]) == len(heads)
            else:
                heads_here = heads
            found.append(dict(zip(heads_here, cells, strict=True)))
    return found
