"""Compression: a small news encoder learns from large ones, of which there may be several.

``multi_teacher`` is the mathematics of Tiny-NewsRec. ``stage_one`` goes on while the student is
post-trained, ``stage_two`` while it is fine-tuned on clicks; ``hidden_matching`` (TinyBERT) and
``joint`` (NewsBERT, MT-BERT) are what the paper compares itself with.
"""
