"""Every number in the README has a script here. Run one with ``python -m bench.NAME --help``."""
