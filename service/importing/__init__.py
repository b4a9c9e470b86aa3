"""The client side of ``newsstand import``: articles from a file or a feed into a running service.

command   one import, from start to end     sources   MIND, JSON lines, CSV, RSS and Atom
events    clicks, for the demo              sending   batches over HTTP, several at once, in order
"""
