"""Where a QMS runs, and what can be done with it there."""
