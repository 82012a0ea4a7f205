"""Formats of files: one file each, arrays in and arrays out. No layer, no trainer is known here."""
