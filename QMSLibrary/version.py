"""The version of the library and of the reference QMS that comes with it."""

VERSION = "0.1.0"
