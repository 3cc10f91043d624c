"""Scripts for a page: what of a view is not where it should be."""

from __future__ import annotations

# What sticks out of the view to the right, or of its own box, and is not scrolled there.
OVERFLOW = """root => {
  const edge = root.getBoundingClientRect().right + 1;
  const scrolls = e => getComputedStyle(e).overflowX !== 'visible';
  const held = e => {
    for (let p = e.parentElement; p && p !== root; p = p.parentElement) if (scrolls(p)) return true;
    return false;
  };
  const inside = '.fz-sr, .fz-bar, .fz-s th, .fz-u u, .fz-own, math, select';
  return [root, ...root.querySelectorAll('*')]
    .filter(e => e.getClientRects().length && !e.closest(inside) && !held(e)
              && (e.getBoundingClientRect().right > edge
              || (e.scrollWidth > e.clientWidth + 1 && !scrolls(e)
                  && !getComputedStyle(e).display.startsWith('inline'))))
    .map(e => `${e.tagName}.${e.className} ${e.scrollWidth} > ${e.clientWidth} `
      + e.textContent.slice(0, 60));
}"""
