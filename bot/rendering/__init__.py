"""What we say and how it looks: news into neutral messages, messages into text. Pure.

`compose` chooses the words, `fit` cuts to a platform's limits, `plain` lays out for a terminal.
Knows no platform's library and sends nothing.
"""
