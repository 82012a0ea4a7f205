"""Files that break off, lie or attack; models of ONNX from elsewhere; readers fed with noise."""
