"""Verdicts: plain functions from history and observations to expected and actual."""
