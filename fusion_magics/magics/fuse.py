"""``%%fuse`` and ``%fuse``: read the line, call ``fuse()``, return the Fusion; and the others."""

# mypy: disallow-untyped-decorators=False
# (IPython's and traitlets' decorators have no types of their own.)

from __future__ import annotations

import asyncio
import weakref
from argparse import ArgumentParser
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import (
    Magics,
    line_cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from traitlets import Float, List, TraitError, Unicode, Union, validate

from ..background import Background, Runs, check_loop_goes_on
from ..errors import UsageError, did_you_mean, kept
from .awaiting import MAGIC, without_semicolon
from .interpolate import fill
from .options import (
    AGGREGATE,
    MODE,
    PROTOCOL,
    VIEW,
    Word,
    magic_parser,
    models_parser,
    parse,
    split_line,
)

if TYPE_CHECKING:
    from ..plan import Plan
    from ..pool import Control
    from ..types import Fusion

_WORDS = {"mode": MODE, "protocol": PROTOCOL, "aggregate": AGGREGATE, "view": VIEW}
# Written empty in a cell (`--jury ""`), they take a configured default away.
_MAY_BE_EMPTY = ("rubric", "jury", "budget")


@dataclass(frozen=True)
class Request:
    """What one ``%fuse`` asks: the arguments of ``fuse()``, and what is the magic's own."""

    prompt: str
    options: Mapping[str, Any]
    view: str | None
    out: str | None
    silent: bool
    background: bool = False


def resolve(options: dict[str, Any], names: Mapping[str, Any]) -> None:
    """Put the notebook's own functions and fusions in the place of their names.

    Raises
    ------
    UsageError
        If the one to be continued is no ``Fusion``, or there is no such reader.
    """
    if "read" in options:
        options["read"] = _reader(options["read"], names)
    if "continue_" in options:
        options["continue_"] = _fusion(options["continue_"], names)


def _reader(word: str, names: Mapping[str, Any]) -> Any:
    from ..answers import READERS

    if word in READERS or word.startswith("json:"):
        return word
    if callable(names.get(word)):
        return names[word]
    own = [name for name, value in names.items() if isinstance(value, FunctionType)]
    raise UsageError(
        f"There is no reader {word!r}.",
        f"{did_you_mean(word, [*READERS, *own])}There is: {', '.join(READERS)}, json:FIELD, "
        "or a function of yours.",
    )


def _fusion(name: str, names: Mapping[str, Any]) -> Fusion:
    from ..types import Fusion

    found = names.get(name)
    if isinstance(found, Fusion):
        return found
    fusions = [each for each, value in names.items() if isinstance(value, Fusion)]
    raise UsageError(
        f"--continue: {name!r} is no Fusion.",
        f"{did_you_mean(name, fusions)}Name one with --out, or: NAME = _",
    )


def _check(name: str, value: Any) -> None:
    """Raises a ``UsageError`` for a default that no cell could run with."""
    from ..checks import jury_of, seconds
    from ..judges import rubric_of
    from ..models import bytes_of
    from ..pool import Budget

    if name == "deadline":
        seconds(name, value)
    else:
        checks: dict[str, Any] = {
            "rubric": rubric_of,
            "jury": jury_of,
            "budget": Budget.of,
            "disk": bytes_of,
        }
        checks[name](value)


@magics_class
class FuseMagics(Magics):  # type: ignore[misc]
    """Ask a pool of models at once; a judge compares the answers. See ``%fuse?``."""

    pool = Union(
        [List(Unicode()), Unicode()],
        help="Members that %%fuse asks, or a saved pool; empty: the tiny models.",
    ).tag(config=True)
    judge = Union(
        [List(Unicode()), Unicode()],
        help="The model that compares, several are a jury; empty: the pool's, else tiny:judge.",
    ).tag(config=True)
    mode = Unicode("best-of", help="How answers become one: best-of, merge, debate, vote.").tag(
        config=True
    )
    protocol = Unicode(
        "pointwise", help="How the judge compares: pointwise, pairwise, listwise."
    ).tag(config=True)
    rubric = Unicode(help="By what the judges judge; empty: general.").tag(config=True)
    jury = Union(
        [List(Unicode()), Unicode()], help="Personas of the judges, such as builder; empty: none."
    ).tag(config=True)
    aggregate = Unicode("mean", help="A jury's ballots: mean, majority, reliability.").tag(
        config=True
    )
    deadline = Float(
        None, allow_none=True, help="Seconds to wait for members; None: until all are done."
    ).tag(config=True)
    budget = Unicode(
        help="Hard cap over all calls of one cell: 0.05usd, 20000tok; empty: none."
    ).tag(config=True)
    disk = Unicode("5GB", help="How much of the disk a download leaves free: 5GB, 500MB.").tag(
        config=True
    )
    view = Unicode("live", help="How a Fusion is shown: live, table, text.").tag(config=True)

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.runs = Runs()
        self._views: dict[int, str] = {}  # the view that --view chose, by the id of a live Fusion

    @validate("mode", "protocol", "aggregate", "view")
    def _a_word_there_is(self, proposal: Any) -> str:
        kind: Word = _WORDS[proposal.trait.name]
        words = kind.words()
        if proposal.value in words:
            return str(proposal.value)
        raise TraitError(
            f"There is no {kind.what} {proposal.value!r}. "
            f"{did_you_mean(proposal.value, words)}There is: {', '.join(words)}"
        )

    @validate("rubric", "jury", "budget", "deadline", "disk")
    def _a_default_that_can_run(self, proposal: Any) -> Any:
        try:
            if proposal.value:
                _check(proposal.trait.name, proposal.value)
        except UsageError as exc:
            raise TraitError(f"{exc.message} {exc.hint}") from None
        return proposal.value

    @needs_local_scope
    @no_var_expand
    @line_cell_magic(MAGIC)
    def fuse(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> Fusion | Plan | Background:
        """Ask a pool of models at once; a judge compares the answers and one comes back.

        ::

            %%fuse [options]
            the prompt, with {{name}} or {{expression}} filled in from the notebook

            %fuse [options] the prompt
            answer = %fuse [options] the prompt

        The value is a ``Fusion``: ``.text``, ``.candidates``, ``.judgment``, ``.failures`` …
        A last line (of ``%fuse``: a last word) that is only ``;`` shows nothing. Options stand
        before the prompt; ``--`` ends them, should a prompt begin with a dash.

        With ``--bg`` the cell is over at once and its value is the run: ``fusion = await run``,
        ``run.cancel()``, ``run.done``. What comes of it is shown below the cell all the same, and
        ``--out NAME`` is bound when it is there. ``%fuse_status`` lists such runs.

        Examples
        --------
        ::

            %%fuse
            How many times does the letter r occur in "strawberry"?

            %%fuse -p tiny:sums,tiny:words -m vote --out result
            Tom has {{n}} apples and gives away {{n // 2}}. How many are left?

            %fuse --system "Be brief." --temperature 0.7 Which day comes after Monday?

        In the prompt single braces are left alone, and two literal ones are written ``{{"{{"}}``.
        Defaults: ``%config FuseMagics``.

        Options
        -------
        """
        from ..running import run

        request = self._request(line, cell, local_ns)
        return run(lambda: self._value(request))

    def awaited(
        self, line: str, cell: str | None = None
    ) -> Coroutine[Any, Any, Fusion | Plan | Background]:
        """What ``%fuse`` becomes at the top level of a notebook cell: a coroutine, awaited."""
        from ..running import stoppable

        request = self._request(line, cell, None)
        return stoppable(lambda: self._value(request))

    @line_magic
    def fuse_models(self, line: str) -> None:
        """The models in memory, on this machine, and in the catalogue.

        ::

            %fuse_models                 list them
            %fuse_models show NAME       one of the catalogue: quantisations, sizes, sources
            %fuse_models pull NAME       download it; again: go on where it was stopped
            %fuse_models remove NAME     take a download off the disk
            %fuse_models unload [NAME]   give the memory of one, or of all, back to the system

        ``pull`` takes a name of the catalogue (``phi-4``, ``phi-4:Q8_0``) or of the Hugging Face
        hub (``org/repo:Q4_K_M``, ``org/repo:model.gguf``, ``mlx:org/repo``). Then ask
        ``local:phi-4``, ``llamacpp:org/repo:Q4_K_M`` or ``mlx:org/repo``.

        Options
        -------
        """
        from ..models import bytes_of
        from .inventory import command

        print(command(line, bytes_of(self.disk)))

    @no_var_expand
    @line_magic
    def fuse_pool(self, line: str) -> None:
        """Saved pools: members, and a judge if you like, under one name.

        ::

            %fuse_pool                                       list them
            %fuse_pool save NAME MEMBER,MEMBER [-j JUDGE]    save one, or replace it
            %fuse_pool show NAME                             one, and the line that saves it
            %fuse_pool delete NAME
            %fuse_pool edit [NAME]                           a form (in a notebook)

        ``%%fuse -p NAME`` then asks its members; its judge judges where none is named. A pool and
        members go together: ``-p NAME,tiny:sums``. The same in Python: ``fusion_magics.pools``.

        Examples
        --------
        ::

            %fuse_pool save trio tiny:sums,tiny:words*3@temperature=0.9,tiny:logic -j tiny:judge
            %fuse -p trio How many r's are in strawberry?
        """
        from .pools import command, form

        verb, _, rest = line.strip().partition(" ")
        if verb != "edit":
            print(command(line))
        else:
            self._display(form(rest.strip(), self.shell))

    @line_magic
    def fuse_status(self, line: str) -> None:
        """The fusions that run in the background: ``%fuse_status``.

        ``%fuse_status cancel 2`` cancels one by its number, ``%fuse_status cancel all`` all of
        them; what has arrived by then is their result. The last ten that ended are listed, too.
        """
        from .status import status

        print(status(self.runs, line))

    # ── reading ──────────────────────────────────────────────────────────────────────────────

    def _request(self, line: str, cell: str | None, local_ns: Mapping[str, Any] | None) -> Request:
        names = self.shell.user_ns
        words, rest = split_line(line)
        given = parse(magic_parser(), [fill(word, names, local_ns) for word in words])
        if cell is not None and rest:
            raise UsageError(
                f"{rest.split()[0]!r} is no option of %%fuse.",
                "Write the prompt into the lines below it, or all in one line after %fuse.",
            )
        prompt, silent = without_semicolon(rest if cell is None else cell)
        if not prompt:
            raise UsageError("The prompt is empty.", "Write the question below %%fuse.")
        out, view = given.pop("out", None), given.pop("view", None)
        background = given.pop("bg", False) and not given.get("dry_run")  # a plan is there at once
        if background:
            check_loop_goes_on(self.shell)
        if out in self.shell.user_ns_hidden:
            raise UsageError(
                f"--out cannot be {out!r}: this name was there before the first cell, for IPython.",
                "Take another name.",
            )
        resolve(given, names if local_ns is None else {**names, **local_ns})
        text, options = fill(prompt, names, local_ns), self._with_defaults(given)
        return Request(text, options, view, out, silent, background)

    def _with_defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """``given``, over the configured defaults that go with it."""
        from ..members import judge_of

        configured = {
            "pool": self.pool,
            "judge": self.judge,
            "mode": self.mode,
            "protocol": self.protocol,
            "rubric": self.rubric,
            "jury": self.jury,
            "aggregate": self.aggregate,
            "deadline": self.deadline,
            "budget": self.budget,
        }
        # A pool that is named in the cell brings its judge.
        if "judge" not in given and (judge := judge_of(given.get("pool"))):
            given = {**given, "judge": judge}
        if (given.get("mode") or self.mode) == "vote":  # it asks no judge
            for name in ("protocol", "rubric", "jury", "aggregate"):
                del configured[name]
        # What is written in the cell wins: a jury over a protocol, and the other way round.
        if given.get("jury") or "," in given.get("judge", ""):
            configured.pop("protocol", None)
        elif given.get("protocol", "pointwise") != "pointwise":
            configured.pop("jury", None)
        usual = {name: value for name, value in configured.items() if value}
        return {k: v for k, v in {**usual, **given}.items() if v or k not in _MAY_BE_EMPTY}

    # ── asking ───────────────────────────────────────────────────────────────────────────────

    async def _value(self, request: Request) -> Fusion | Plan | Background:
        return await (self._begun if request.background else self._answer)(request)

    async def _begun(self, request: Request) -> Background:
        from ..pool import Control
        from ..views.screens import front_end

        # What starts below %%capture outlives it, and belongs to nobody's eyes either.
        request = replace(request, silent=request.silent or self._captured())
        control, alone = Control(), not front_end()
        run = self.runs.begin(request.prompt, control, self._behind(request, control, alone))
        if alone:
            # An executor ends the kernel after the last cell, and what it writes down must be
            # complete; an error must end it.
            await run.to_the_end()
        return run

    async def _behind(self, request: Request, control: Control, alone: bool) -> Fusion:
        """The answer of a run that shows what comes of it itself, below the cell that began it."""
        try:
            fusion = cast("Fusion", await self._answer(request, control))
        except Exception:
            if not alone:  # then the cell itself fails
                self.shell.showtraceback()
            raise
        if not request.silent:
            self._display(fusion)
        return fusion

    async def _answer(self, request: Request, control: Control | None = None) -> Fusion | Plan:
        from ..running import watched

        view = request.view or self.view
        show = not (request.silent or self._captured())
        try:
            fusion = await watched(request.prompt, request.options, show, view, control)
        except asyncio.CancelledError as stop:
            if (arrived := kept(stop)) is not None:
                self._keep(request, arrived)
                if not request.silent:
                    self._display(arrived)
            raise
        self._keep(request, fusion)
        return fusion

    def _keep(self, request: Request, fusion: Fusion | Plan) -> None:
        if request.view:
            self._views[id(fusion)] = request.view
            weakref.finalize(fusion, self._views.pop, id(fusion)).atexit = False
        if request.out:
            self.shell.user_ns[request.out] = fusion

    # ── showing ──────────────────────────────────────────────────────────────────────────────

    def _display(self, shown: Any) -> None:
        from IPython.display import display

        display(shown)

    def show(self, fusion: Fusion) -> None:
        """Show ``fusion`` live, where that was asked for and someone looks.

        Raises
        ------
        NotImplementedError
            Where it is shown by its :meth:`bundle`; IPython takes that for an answer.
        """
        from ..views.screens import can_be_live

        if self._view_of(fusion) != "live" or self._captured() or not can_be_live():
            raise NotImplementedError
        from ..views.live import show

        show(fusion)

    def _view_of(self, result: Fusion | Plan) -> str:
        return self._views.get(id(result), str(self.view))

    def _captured(self) -> bool:
        """What ``%%capture`` keeps is shown later, when nothing can be live any more."""
        from IPython.core.displaypub import CapturingDisplayPublisher

        return isinstance(self.shell.display_pub, CapturingDisplayPublisher)

    def bundle(self, result: Fusion | Plan) -> dict[str, str]:
        """``result`` in the view that its ``%fuse`` asked for, else in the configured one."""
        from ..plan import Plan
        from ..views import bundle

        view = self._view_of(result)
        if not isinstance(result, Plan):
            return bundle(result, view)
        shown = result._repr_mimebundle_()
        return {"text/plain": shown["text/plain"]} if view == "text" else shown


def _help(magic: Callable[..., Any], parser: Callable[[], ArgumentParser]) -> str:
    """The docstring of ``magic`` with the options of its ``parser``."""
    import inspect

    text = inspect.cleandoc(magic.__doc__ or "")
    options = parser().format_help().partition("options:\n")[2]
    return f"{text}\n{options}"


# `%fuse?` asks a function for this before it reads __doc__: the tables behind the options need
# not be imported before someone wants to see them.
FuseMagics.fuse.getdoc = partial(_help, FuseMagics.fuse, magic_parser)
FuseMagics.fuse_models.getdoc = partial(_help, FuseMagics.fuse_models, models_parser)
