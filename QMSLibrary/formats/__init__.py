"""How files and names that people write are read, whatever is in them. Imports nothing of ours."""
