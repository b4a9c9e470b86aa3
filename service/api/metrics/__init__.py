"""What Prometheus reads: one module for each part of the service, all together in ``registry``.

No label value comes from a client: each is a name in the code, a route, a status, or a name from
the policies file or the model store. With several workers a gauge says how theirs go together
(``multiprocess_mode``); ``docs/observability.md`` lists every metric.
"""
