"""Speaks to a QMS, and writes the history of what was said."""
