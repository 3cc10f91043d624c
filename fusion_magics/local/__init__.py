"""Models in this machine's memory: one child process owns one loaded model.

The kernel holds no weights. A crash is one call's error; unloading gives all memory back; a child
never outlives the kernel.

::

    kernel                                   child process
    LocalModel → registry → Child ──orders──▶ Inbox → generation → Engine (llama.cpp, MLX)
                                 ◀─reports──
"""

from __future__ import annotations

from .machine import free_memory
from .model import LocalModel
from .plan import Share, shares
from .registry import Loaded, capacity, loaded, unload
from .wire import Spec, stamp

__all__ = [
    "Loaded",
    "LocalModel",
    "Share",
    "Spec",
    "capacity",
    "free_memory",
    "loaded",
    "shares",
    "stamp",
    "unload",
]
