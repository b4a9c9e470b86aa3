"""Sentiments for news that come without: a lexicon for English, a head for any other language.

A labeller says of each text whether it is negative, neutral or positive. ``vader`` is one, ``head``
learns one from ``sentences`` that people labelled, ``accuracy`` says how often it is right on
others of these, and ``table`` keeps what was found for training to read.
"""
