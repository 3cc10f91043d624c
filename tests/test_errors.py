"""What every error of the tree can do."""

from __future__ import annotations

import copy
import pickle

import pytest

from fusion_magics import errors
from fusion_magics.errors import FusionError, Interrupted, NoAnswerError
from fusion_magics.types import Failure


def _tree(kind: type[BaseException]) -> list[type[BaseException]]:
    return [kind, *(k for below in kind.__subclasses__() for k in _tree(below))]


def _one(kind: type[BaseException]) -> BaseException:
    if kind is NoAnswerError:
        return NoAnswerError([Failure("m", "crashed", "It died.", hint="Ask again.")])
    if issubclass(kind, errors.ModelError):
        return kind("what", "cure", kind="odd", retryable=True)
    return kind("what", "cure") if issubclass(kind, FusionError) else kind("what")


@pytest.mark.parametrize("kind", [*_tree(FusionError), Interrupted])
def test_errors_can_be_copied_and_sent_between_processes(kind: type[BaseException]) -> None:
    error = _one(kind)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert str(again) == str(error)
        assert vars(again) == vars(error)
