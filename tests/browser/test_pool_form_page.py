"""``%fuse_pool edit`` in a real JupyterLab: typed, saved, and asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

ARTIFACTS = Path(__file__).parents[2] / "artifacts"

NAME = "form-test"
LOAD = "%load_ext fusion_magics\n%config FuseMagics.mode = 'vote'"

# The accessible name of every field and button.
NAMES = """root => [...root.querySelectorAll('input, button')].map(e =>
  e.labels?.length ? [...e.labels].map(l => l.textContent).join(' ') : e.textContent)"""

FOCUSED = """name => {
  const e = document.activeElement;
  return (e.labels?.[0] ?? e).textContent.trim() === name;
}"""

OVERFLOW = """root => {
  const edge = root.getBoundingClientRect().right + 1;
  return [...root.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > edge)
    .map(e => e.tagName + '.' + e.className);
}"""


def _shot(nb: Any, form: Any, name: str) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    form.scroll_into_view_if_needed()
    nb.page.mouse.move(0, 0)
    nb.page.wait_for_timeout(400)
    nb.page.screenshot(path=ARTIFACTS / f"{name}.png")


def _shows(form: Any, text: str) -> None:
    form.filter(has_text=text).wait_for()


def test_a_pool_is_typed_saved_and_asked(open_notebook: Any) -> None:
    edit, ask, again = "%fuse_pool edit", f"%fuse -p {NAME} hi", f"%fuse_pool edit {NAME}"
    nb = open_notebook("pool-form.ipynb", [LOAD, edit, ask, again, f"%fuse_pool show {NAME}"])
    nb.theme("JupyterLab Light")
    nb.run(0)
    nb.run(1)
    form = nb.output(1, ".fz-form")
    form.wait_for()
    _shows(form, "%fuse_pool save NAME MEMBER,MEMBER")

    # By keyboard alone: from field to field, down to the button.
    form.get_by_label("Name").click()
    nb.page.keyboard.type(NAME)
    nb.page.keyboard.press("Tab")
    nb.page.keyboard.type("scripted:yes*2")
    nb.page.keyboard.press("Tab")
    _shows(form, f"%fuse_pool save {NAME} scripted:yes*2")
    assert form.get_by_label("Member 1").input_value() == "scripted:yes"
    assert form.get_by_label("Samples").first.input_value() == "2"
    nb.page.keyboard.press("Tab")
    nb.page.keyboard.press("Tab")
    nb.page.keyboard.type("scripted:on")
    assert form.get_by_label("Member 2").input_value() == "scripted:on"
    form.get_by_label("Judge").fill("scripted:echo")
    # One click, straight from a field that was not left yet.
    form.get_by_role("button", name="Save").click()
    _shows(form, "There is no script 'on'.")
    assert form.get_by_label("Judge").input_value() == "scripted:echo"
    _shot(nb, form, "pool-form-error")

    form.get_by_label("Member 2").fill('scripted:no@system="Be brief, please."')
    form.get_by_role("button", name="Add member").click()
    form.get_by_label("Member 3").fill("scripted:slow")
    form.get_by_role("button", name="Remove").nth(2).click()
    form.get_by_label("Member 3").wait_for(state="detached")
    nb.page.wait_for_function(FOCUSED, arg="Add member")
    form.get_by_role("button", name="Add member").press("Enter")
    nb.page.wait_for_function(FOCUSED, arg="Member 3")
    nb.page.keyboard.type("scripted:echo")
    form.get_by_role("button", name="Save").click()
    _shows(form, f"Saved as {NAME}.")
    line = (
        f'%fuse_pool save {NAME} scripted:yes*2,scripted:no@system="Be brief, please.",'
        "scripted:echo -j scripted:echo"
    )
    assert line in form.inner_text()
    _shot(nb, form, "pool-form")

    assert all(name.strip() for name in form.evaluate(NAMES))
    nb.run(2)
    nb.output(2, ".fz-acts").wait_for()
    asked = {*nb.output(2, ".fz tbody th[scope=row] bdi").all_inner_texts()}
    assert {"scripted:yes#1", "scripted:yes#2", "scripted:no", "scripted:echo"} <= asked

    nb.run(3)
    again_form = nb.output(3, ".fz-form")
    again_form.wait_for()
    assert again_form.get_by_label("Member 2").input_value().startswith("scripted:no@system=")
    nb.run(4)
    assert line in nb.output(4).inner_text()

    nb.page.set_viewport_size({"width": 480, "height": 1000})
    nb.page.wait_for_function(
        "() => document.querySelectorAll('.fz-form')[1].clientWidth < 420", timeout=20_000
    )
    assert again_form.evaluate(OVERFLOW) == []
    _shot(nb, again_form, "pool-form-narrow")
    nb.page.set_viewport_size({"width": 1200, "height": 1000})
    nb.theme("JupyterLab Dark")
    _shot(nb, form, "pool-form-dark")


def test_hostile_names_are_letters_or_not_offered(open_notebook: Any) -> None:
    hostile = (
        LOAD + "\nfrom fusion_magics.backends.scripted import SCRIPTS, Script\n"
        """SCRIPTS['"><img src=x onerror="window.__pwned=1">'] = Script("hi")"""
    )
    nb = open_notebook("pool-form-hostile.ipynb", [hostile, "%fuse_pool edit"])
    nb.run(0)
    nb.run(1)
    form = nb.output(1, ".fz-form")
    form.get_by_label("Name").fill("<img src=x onerror='window.__pwned=1'>")
    form.get_by_label("Member 1").fill("scripted:\"><img src=x onerror='window.__pwned=1'>")
    form.get_by_role("button", name="Save").click()
    _shows(form, "A pool cannot be called \"<img src=x onerror='window.__pwned=1'>\".")
    offered = form.locator("datalist option").evaluate_all("all => all.map(o => o.value)")
    assert "tiny:sums" in offered
    assert not [name for name in offered if "img" in name]
    nb.page.wait_for_timeout(500)
    assert nb.page.evaluate("window.__pwned") is None
