"""Perigee: an async notification bot for spaceflight events. This file holds its version only."""

__version__ = "0.1.0"
