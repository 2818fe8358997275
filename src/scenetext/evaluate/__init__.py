"""Judging: protocols compare truth with what a system found, and return a Score."""
