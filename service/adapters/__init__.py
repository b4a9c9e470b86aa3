"""Redis, FAISS and ONNX Runtime behind the ports."""
