"""The encoding engine: many callers' texts into full batches of ONNX Runtime, in one thread."""
