"""The IPython extension: the magics, and what makes them at home in a shell.

``extension`` puts everything into a shell and takes it out again; ``fuse`` has the magics;
``options`` reads their line (and that of ``python -m fusion_magics``); ``interpolate`` fills
``{{names}}`` in; ``awaiting`` and ``question_mark`` rewrite cells; ``completion`` answers Tab.
"""
