"""Papers' tables made again, row by row, on the data at hand.

``study`` says what a study is, ``plan`` in which order its rows are made, ``finished`` keeps what
was made, ``running`` makes the rest, ``findings`` asks whether the paper's findings hold here, and
``tables`` and ``report`` show all of it. Each paper has a room of its own; ``names`` finds them.
"""
