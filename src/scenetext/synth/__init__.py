"""Synthetic words and scenes, drawn from fonts, photographs and a lexicon. Same seed, same pixels."""
