"""The mathematics of online experiments: who gets what, what came of it, and how sure that is."""
