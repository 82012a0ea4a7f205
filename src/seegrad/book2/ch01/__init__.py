"""Chapter 1: neural networks once more."""
