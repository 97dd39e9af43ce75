"""The ``qms`` command."""
