"""A multilingual sentence encoder at home in the news: NaSE's domain adaptation (arXiv 2406.12634).

A decoder must tell a text from its one vector alone, so that the vector has to hold what the text
says. ``examples`` says what is read and what is told under each objective, ``noise`` what is left
of a text that is to be restored, ``sampling`` how often each language is drawn, ``lesson`` makes
batches of it. ``decoder`` is the encoder's own layers over again, ``token_loss`` its loss over a
large vocabulary, ``packed`` how both are walked without padding. ``learning`` makes a course of it,
``choice`` measures its checkpoints as recommenders, ``saving`` writes the folder that comes out,
and ``adapt`` does all of it.
"""
