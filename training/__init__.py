"""The offline half of Newsstand: logs and weights come in, artefacts and honest numbers go out.

data        news, impressions and texts, as their files state them
encoders    Hugging Face folders as torch modules: tokens in, one vector a text out
export      a torch module as a verified artefact: ONNX, int8, centring, parity, model card
evaluation  AUC, MRR and nDCG over impressions, with the numbers that the service would serve
cli         the ``newsstand-train`` command
"""
