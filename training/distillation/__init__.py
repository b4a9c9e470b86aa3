"""A small encoder that gives a text the vector which large ones would give it.

``vocabulary`` prunes the teacher's, ``student`` cuts the small encoder out of the teacher,
``labels`` asks the teachers, ``targets`` makes of their answers what is to be learned,
``lesson`` deals it out in batches, ``learning`` learns it under ``objective``, and ``distil`` does
all of it, step by step, each kept on disk.
"""
