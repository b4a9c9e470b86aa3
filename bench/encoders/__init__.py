"""Those that ``bench/encoder.py`` compares. Each runs in a process of its own, and the peers in
environments of their own: ``answering`` is the side of those processes, ``contenders`` ours.
"""
