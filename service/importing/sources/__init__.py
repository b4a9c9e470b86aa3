"""Where articles come from: one file a format, each a ``Source``."""
