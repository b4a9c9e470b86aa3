"""A torch module as a verified artefact: ONNX, int8, centring, parity, model card."""
