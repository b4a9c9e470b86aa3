"""A course: learning in steps from texts, as post-training, adaptation and distillation do.

``lesson`` is what is learned from, ``course`` the run itself, ``pace`` how fast it goes. What is
learned, and by which loss, its rooms know; ``training.loop`` is the like for clicks.
"""
