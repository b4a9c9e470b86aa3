"""The online half of Newsstand: a request comes in at ``api``, passes ``pipeline``, and leaves.

api        parses, calls, renders            adapters   Redis, FAISS, ONNX Runtime
pipeline   what the product does             catalogue  the live articles of this process
ports      what the pipeline asks of others  domain     articles, events, readers, filters
app        puts the parts together           cli        the ``newsstand`` command
"""
