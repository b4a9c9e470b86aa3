"""The service beside what one would use or build instead: ``python -m bench.peers``."""
