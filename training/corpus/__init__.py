"""The texts that our own encoder learns from, all under licences that allow what it is for.

``sources`` has one file a source, ``fetch`` brings those that come in packages, ``headlines`` are
our own writing, ``fragments`` makes more texts of a source's, and ``compiled`` puts it all
together.
"""
