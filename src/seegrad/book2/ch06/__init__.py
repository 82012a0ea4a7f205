"""Chapter 6: gates, LSTM, and a better language model."""
