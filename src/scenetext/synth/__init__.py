"""Synthetic words and scenes, drawn from fonts, photographs and a lexicon; the same seed gives the same pixels."""
