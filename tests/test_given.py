"""What was asked is kept with the result, as plain values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from fusion_magics import Fusion, fuse
from fusion_magics.given import given

POOL = {"pool": ["scripted:echo", "scripted:no"], "judge": "scripted:yes", "mode": "vote"}


async def asked(**options: Any) -> Fusion:
    return await fuse("q", **(POOL | options))


async def test_what_differs_from_the_defaults_is_kept_as_it_was_written() -> None:
    fusion = await asked(pool="scripted:echo, scripted:no", samples=1, seed=0, early_stop=False)
    assert fusion.options == {
        "pool": "scripted:echo, scripted:no",
        "judge": "scripted:yes",
        "mode": "vote",
        "seed": 0,
    }


def test_a_plain_question_has_no_options() -> None:
    assert given(fuse, fuse.__kwdefaults__ or {}) == {}


async def test_functions_and_fusions_are_named_not_kept() -> None:
    def last(text: str) -> str:
        return text[-1]

    before = await asked()
    fusion = await asked(read=last, continue_=before)
    assert fusion.options["read"] == {"function": "last"}
    assert fusion.options["continue_"] is True


async def test_how_a_run_was_watched_is_not_kept() -> None:
    fusion = await asked(watch=lambda *_: None)
    assert fusion.options == POOL


async def test_numbers_and_sequences_of_other_kinds_are_plain() -> None:
    fusion = await asked(
        pool=pd.Series(POOL["pool"]), seed=np.int64(3), temperature=np.float32(0.5), quorum=True
    )
    assert fusion.options == POOL | {"seed": 3, "temperature": 0.5, "quorum": True}
    assert type(fusion.options["seed"]) is int


async def test_options_are_saved() -> None:
    fusion = await asked(jury=None, read=lambda text: text, blind=True)
    back = Fusion.from_json(fusion.to_json())
    assert (back.options, back.blind) == (fusion.options, True)
    assert back == fusion
    assert hash(back) == hash(fusion)


async def test_a_file_from_before_they_were_kept_still_loads() -> None:
    saved = json.loads((await asked()).to_json())
    for name in ("options", "blind", "vote"):
        del saved[name]
    old = Fusion.from_json(json.dumps(saved))
    assert (old.options, old.blind, old.vote) == ({}, False, None)


def test_a_reader_without_a_name_is_named_by_its_kind() -> None:
    class Reads:
        def __call__(self, text: str) -> str:
            return text

    arguments = (fuse.__kwdefaults__ or {}) | {"read": Reads()}
    assert given(fuse, arguments) == {"read": {"function": "Reads"}}
