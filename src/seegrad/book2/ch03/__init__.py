"""Chapter 3: word2vec in its simplest form."""
