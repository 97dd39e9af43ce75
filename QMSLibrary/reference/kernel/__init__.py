"""What all four services of the reference QMS share. ``app.py`` shows how a service is written."""
