"""Scripts for a page: what of a view is not where it should be."""

from __future__ import annotations

# What sticks out of the view to the right, or of its own box, and is not scrolled there.
OVERFLOW = """roots => roots.flatMap(root => {
  const edge = root.getBoundingClientRect().right + 1;
  const scrolls = e => getComputedStyle(e).overflowX !== 'visible';
  const inline = e => getComputedStyle(e).display.startsWith('inline');
  const out = e => e.getBoundingClientRect().right > edge
    || (e.scrollWidth > e.clientWidth + 1 && !scrolls(e) && !inline(e));
  const held = e => {
    for (let p = e.parentElement; p && p !== root; p = p.parentElement) if (scrolls(p)) return true;
    return false;
  };
  const not = '.fz-sr, .fz-bar, .fz-s th, .fz-u u, .fz-own, math, select';
  return [root, ...root.querySelectorAll('*')]
    .filter(e => out(e) && e.getClientRects().length && !e.closest(not) && !held(e))
    .map(e => [e.tagName, e.className, e.scrollWidth, e.textContent.slice(0, 60)].join(' '));
})"""
