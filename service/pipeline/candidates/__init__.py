"""Candidate generators, each in its file, and ``gather``, which merges what they bring."""
