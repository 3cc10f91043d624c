"""The Hugging Face hub: what a name there means, where it lies here, and how it gets here.

::

    names     org/repo:Q4_K_M → files of a repository
    places    … → files on this machine (the hub's cache, LM Studio's folder)
    ollama    … and those in Ollama's store
    download  … → into the cache, resumed and checked
"""

from __future__ import annotations
