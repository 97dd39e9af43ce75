"""Benchmarks: figures with a ratio to something measured beside it in the same run. Nothing is asserted."""
