"""User encoders: the vectors of what a reader clicked in, one vector out."""
