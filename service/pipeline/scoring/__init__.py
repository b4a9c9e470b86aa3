"""What a policy makes of relevance: each part of the score in its file, summed in ``score``."""
