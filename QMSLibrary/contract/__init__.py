"""What a QMS promises: models, enums and routes. Imports nothing else of this project."""
