"""Pull requests, personas, code and its flaws."""
