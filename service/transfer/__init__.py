"""The whole state to and from files: plain code over ports, which knows no store."""
