"""Hugging Face folders as torch modules: tokens in, one vector a text out."""
