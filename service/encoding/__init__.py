"""The encoding engine: many callers' texts into full batches of ONNX Runtime, side by side."""
