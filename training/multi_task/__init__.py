"""MTRec: what a title is about, told beside whether it is clicked.

Bi et al., *MTRec: Multi-Task Learning over BERT for News Recommendation*, Findings of ACL 2022.
``labels`` says what the heads are to tell of the news, ``heads`` are the heads and their losses,
``surgery`` how two gradients become one, ``descent`` how the weights come to theirs, and
``objective`` puts all of it into a run.
"""
