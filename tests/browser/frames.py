"""How long a page takes, measured in the page: for tests and benchmarks of what is shown."""

# Run the cell; the milliseconds until something is there, and painted.
OPEN = """async ([index, ready]) => {
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  const { commands, shell } = window.jupyterapp;
  shell.currentWidget.content.activeCellIndex = index;
  const find = () => cell.querySelector('.jp-Cell-outputArea')?.querySelector(ready) ?? null;
  const stale = find();
  const began = performance.now();
  commands.execute('notebook:run-cell');
  const frame = () => new Promise(requestAnimationFrame);
  while ([null, stale].includes(find())) {
    if (performance.now() - began > 120000) return NaN;
    await frame();
  }
  await frame(); await frame();
  return performance.now() - began;
}"""

# The longest frame while something happens, in milliseconds.
FRAMES = """const frames = async during => {
  const frame = () => new Promise(requestAnimationFrame);
  const seen = [];
  let before = await frame();
  for (let left = 6; left > 0;) {
    if (!await during()) left -= 1;
    const now = await frame();
    seen.push(now - before);
    before = now;
  }
  return Math.max(...seen);
};"""

SCROLL = (
    """async index => {"""
    + FRAMES
    + """
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  let box = cell;
  while (box.scrollHeight <= box.clientHeight + 1 || getComputedStyle(box).overflowY === 'visible')
    box = box.parentElement;
  box.scrollTop = 0;
  return frames(() => {
    const at = box.scrollTop;
    box.scrollTop = at + 400;
    return box.scrollTop > at;
  });
}"""
)

ACT = (
    """async ([index, source]) => {"""
    + FRAMES
    + """
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  const out = cell.querySelector('.jp-Cell-outputArea');
  const act = new Function('out', source);
  let done = false;
  return frames(() => {
    if (done) return false;
    act(out);
    return done = true;
  });
}"""
)
