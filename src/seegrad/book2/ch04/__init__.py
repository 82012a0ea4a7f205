"""Chapter 4: word2vec made fast, with embeddings and negative sampling."""
