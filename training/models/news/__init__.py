"""News encoders: an article's views in, one vector out."""
