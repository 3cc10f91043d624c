"""The form of ``%fuse_pool edit``, of ipywidgets: what it does, it also shows as a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from ipywidgets import HTML, BoundedIntText, Button, Combobox, HBox, Layout, Text, VBox

from .. import pools
from ..errors import UsageError
from ..members import DEFAULT_JUDGE, MOST_SAMPLES, split_name, with_samples
from ..pools import SavedPool
from ..text import printable
from .completion import members
from .pools import code

_STYLE = """<style>
.fz-form.fz-form{max-width:640px;padding:10px 14px 12px;gap:6px;overflow:visible;
border:1px solid color-mix(in srgb,currentColor 18%,transparent);border-radius:6px;
container-type:inline-size}
.fz-form .widget-hbox{gap:4px 8px;flex-flow:row wrap;align-items:center;overflow:visible}
.fz-form .widget-vbox{gap:2px;overflow:visible}
.fz-form .jupyter-widgets{margin:0}
.fz-form .widget-label{color:inherit;text-align:start}
.fz-form .fz-field{flex:1 1 240px;min-width:0}
.fz-form .fz-remove{background:none}
.fz-form .fz-actions{margin:8px 0 2px}
.fz-form .widget-html,.fz-form .widget-html-content{height:auto;width:100%;line-height:1.5}
.fz-form p{margin:0;font-size:13px;line-height:1.5;white-space:pre-wrap;overflow-wrap:anywhere}
.fz-form .fz-error{color:color-mix(in srgb,var(--jp-error-color1,#d32f2f) 76%,currentColor)}
.fz-form .fz-error::before{content:"! ";font-weight:700}
.fz-form small{font-size:12px;color:color-mix(in srgb,currentColor 72%,transparent)}
.fz-form pre{margin:2px 0 0;padding:6px 8px;border-radius:3px;white-space:pre-wrap;
word-break:normal;overflow-wrap:anywhere;color:inherit;
font:12px/1.5 var(--jp-code-font-family,monospace);
background:color-mix(in srgb,currentColor 6%,transparent)}
.fz-form :is(button,input):focus-visible{outline:2px solid var(--jp-brand-color1,#1976d2);
outline-offset:1px}
@container (max-width:460px){
.fz-form .fz-row{padding-bottom:6px}
.fz-form .fz-row>.fz-field{flex-basis:100%}
.fz-form .fz-samples{width:144px!important}
.fz-form .fz-samples .widget-label{width:76px!important}
.fz-form .fz-remove{margin-inline-start:auto!important}
}
</style>"""
_LABEL = {"description_width": "76px"}


class Row(HBox):  # type: ignore[misc]
    """One member: its name, how many samples, and a button that takes it away."""

    def __init__(self, written: str, changed: Callable[[], None], remove: Callable[[Row], None]):
        self.member = Combobox(
            value=written,
            options=_offered(members()),
            placeholder="engine:model, such as tiny:sums",
            tooltip="engine:model, and settings of its own: tiny:sums@temperature=0.9",
            continuous_update=False,
            style=_LABEL,
        )
        self.samples = BoundedIntText(
            value=1,
            min=1,
            max=MOST_SAMPLES,
            description="Samples",
            tooltip="Independent samples of this member",
            style={"description_width": "56px"},
            layout=Layout(width="124px"),
        )
        self.remove = Button(description="Remove", layout=Layout(width="auto"))
        self.member.add_class("fz-field")
        self.samples.add_class("fz-samples")
        self.remove.add_class("fz-remove")
        super().__init__([self.member, self.samples, self.remove])
        self.add_class("fz-row")
        self._count_samples()
        self._changed = changed
        self.member.observe(self._typed, "value")
        self.samples.observe(lambda _: changed(), "value")
        self.remove.on_click(lambda _: remove(self))

    @property
    def written(self) -> str:
        """The member's name, with its samples; empty if there is none.

        Raises
        ------
        UsageError
            If it is to have samples, and is no member name.
        """
        name: str = self.member.value.strip()
        if not name or self.samples.value == 1:
            return name
        return with_samples(name, self.samples.value)

    def call(self, number: int) -> None:
        """Say which of the members it is."""
        self.member.description = f"Member {number}"
        self.remove.tooltip = f"Remove member {number}"

    def _typed(self, _: Any) -> None:
        self._count_samples()
        self._changed()

    def _count_samples(self) -> None:
        """Move ``*N`` from the name to its own field."""
        try:
            samples = split_name(self.member.value).samples
            if samples > 1:
                self.samples.value = samples
                self.member.value = with_samples(self.member.value, 1)
        except UsageError:
            pass  # not finished, or a saved pool: saving says what is wrong with it


class PoolForm(VBox):  # type: ignore[misc]
    """A saved pool to edit, or a new one.

    Parameters
    ----------
    name : str
        The saved pool; empty: a new one.

    Raises
    ------
    UsageError
        If there is no such pool, or the file of pools is damaged.
    """

    def __init__(self, name: str = "") -> None:
        pool = pools.named(name) if name else None
        self.pool_name = Text(
            value=name,
            description="Name",
            placeholder="my-pool",
            continuous_update=False,
            style=_LABEL,
        )
        self.judge = Combobox(
            value=(pool and pool.judge) or "",
            description="Judge",
            options=_offered(members()),
            placeholder=f"{DEFAULT_JUDGE}, if none is named",
            tooltip="Who compares the answers; several, with commas between, are a jury",
            continuous_update=False,
            style=_LABEL,
        )
        for field in (self.pool_name, self.judge):
            field.layout.width = "100%"
        self.rows = VBox()
        self.add_button = Button(description="Add member", icon="plus", layout=Layout(width="auto"))
        self.save_button = Button(description="Save", button_style="primary")
        self.delete_button = Button(description="Delete")
        self.status, self.line = HTML(), HTML()
        actions = HBox([self.save_button, self.delete_button])
        actions.add_class("fz-actions")
        parts = [self.pool_name, self.rows, HBox([self.add_button]), self.judge, actions]
        super().__init__([*parts, self.status, self.line])
        self.add_class("fz-form")
        self._edited = name
        self._put(pool.members if pool else ("", ""))
        self._listen()
        self._refresh()

    def __repr__(self) -> str:
        return f"PoolForm({self._edited!r})"

    def _listen(self) -> None:
        for field in (self.pool_name, self.judge):
            field.observe(lambda _: self._refresh(), "value")
        self.add_button.on_click(lambda _: self._add())
        self.save_button.on_click(lambda _: self._do(self._save))
        self.delete_button.on_click(lambda _: self._do(self._delete))

    # ── members ──────────────────────────────────────────────────────────────────────────────

    def _put(self, written: Sequence[str]) -> None:
        self._show([Row(name, self._refresh, self._remove) for name in written])

    def _show(self, rows: Sequence[Row]) -> None:
        for number, row in enumerate(rows, 1):
            row.call(number)
        self.rows.children = tuple(rows)

    def _add(self) -> None:
        self._show([*self.rows.children, Row("", self._refresh, self._remove)])
        self.rows.children[-1].member.focus()

    def _remove(self, gone: Row) -> None:
        self._show([row for row in self.rows.children if row is not gone])
        self.add_button.focus()  # the focus must not be lost with the button that had it
        self._refresh()

    def _pool(self) -> tuple[str, SavedPool]:
        names = tuple(name for row in self.rows.children if (name := row.written))
        return self.pool_name.value.strip(), SavedPool(names, self.judge.value.strip() or None)

    # ── what it does ─────────────────────────────────────────────────────────────────────────

    def _do(self, action: Callable[[], str]) -> None:
        """Do it; what goes wrong is said, and nothing that was typed is lost."""
        try:
            said, error = action(), False
        except UsageError as exc:
            said, error = str(exc), True
        self._say(said, error)

    def _save(self) -> str:
        name, pool = self._pool()
        before = pools.save(name, pool.members, pool.judge)
        other = before if name != self._edited else None
        was = f", in the place of {', '.join(other.members)}" if other else ""
        self._edited = name
        self._refresh()
        return f"Saved as {name}{was}. Ask it with: %fuse -p {name} …"

    def _delete(self) -> str:
        name = self.pool_name.value.strip()
        pools.delete(name)
        self._edited = ""
        self._refresh()
        return f"Deleted {name}. It stands here still: Save brings it back."

    # ── what it says ─────────────────────────────────────────────────────────────────────────

    def _refresh(self) -> None:
        """Show what the fields say now."""
        self._do(self._note)
        self.line.value = f"{_STYLE}<small>The same as a line:</small><pre>{self._code()}</pre>"

    def _note(self) -> str:
        name, saved = self.pool_name.value.strip(), pools.saved()
        self.delete_button.disabled = name not in saved
        if name in saved and name != self._edited:
            return f"{name} is there already: saving replaces {', '.join(saved[name].members)}."
        return ""

    def _code(self) -> str:
        try:
            name, pool = self._pool()
            for member in pool.members:
                pools.refuse_keys(member)
            if name and pool.members:
                return escape(printable(code(name, pool))).replace(",", ",<wbr>")
        except UsageError:
            pass  # saving says what is wrong
        return "%fuse_pool save NAME MEMBER,MEMBER"

    def _say(self, text: str, error: bool) -> None:
        css = ' class="fz-error"' if error else ""
        said = f'<p dir="auto"{css}>{escape(printable(text))}</p>' if text else ""
        self.status.value = f'<div role="status">{said}</div>'


def _offered(names: Sequence[str]) -> list[str]:
    """``names`` for a Combobox: none that could be markup, whatever it makes of its options."""
    return [name for name in names if not name.endswith(":") and escape(name) == name]
