"""Traces: what a request was made of, in time, for a collector of OpenTelemetry.

``timeline`` is what the rest of the service knows; ``otlp`` needs ``newsstand[tracing]`` and is
imported where an address to send to is set.
"""
