"""Chapter 7: text that is generated, and sequences that become others."""
