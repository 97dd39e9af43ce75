"""The decision service: knows the agents, decides who reviews what and says why, and hosts the agents' workers."""

from .service import build

__all__ = ["build"]
