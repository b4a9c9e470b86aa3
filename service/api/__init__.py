"""The HTTP interface: routes parse, call the pipeline, and render."""
