"""`python -m bot` is `perigee`."""

from bot.cli import main

main()
