"""Generations of the catalogue on disk: written by one process, mapped by all of a machine."""
