"""The contract between training and serving: what an artefact is, and the formulas both sides use.

``training`` writes artefacts through this package and ``service`` reads them through it; neither
knows the other. Nothing here imports torch or transformers.
"""
