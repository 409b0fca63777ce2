"""The doors to the chat platforms, one room each; `registry` finds them by their entry points.

An adapter hands over one message and says what became of it. What to send, when, and what follows
from an outcome is decided elsewhere.
"""
