"""Post-training: an encoder learns what news are like before it is told what is clicked.

``contrastive`` lets a body find its title (Tiny-NewsRec), ``masked`` guesses hidden tokens (DAPT
and TAPT). Both end in Hugging Face folders, which any recipe starts from.
"""
