"""Recommenders as torch modules: text encoders, news encoders, user encoders, put together."""
