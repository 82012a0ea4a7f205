"""Chapter 5: recurrent networks and language models."""
