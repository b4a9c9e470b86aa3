"""From any folder of texts, or of pairs of texts, to one that an encoder can learn from.

The corpus compiler of NaSE (Iana et al., *News Without Borders*, 2024, arXiv 2406.12634): what is
damaged, written in another script or language, or has been said before goes, and a report says
how much went and why. ``compiled.py`` is the whole of it, read from top to bottom.
"""
