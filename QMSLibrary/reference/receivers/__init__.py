"""Receivers of notifications: real servers for every channel, that keep what they got and can be told to fail."""

from .serving import Places, places, serve

__all__ = ["Places", "places", "serve"]
