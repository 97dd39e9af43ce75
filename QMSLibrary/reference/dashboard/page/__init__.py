"""The dashboard's web page: made on the server, works without a script, and is live with one."""

from .serving import add_to

__all__ = ["add_to"]
