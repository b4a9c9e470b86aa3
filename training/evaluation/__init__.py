"""AUC, MRR and nDCG over impressions, with the numbers that the service would serve."""
