"""A news day, played against a running service with Locust: ``python -m loadtest smoke``.

Everything that needs no server is plain code: the day, what the newsroom writes, what readers
remember, what an answer must not hold, the verdict. The Locust users around it are thin.
"""
