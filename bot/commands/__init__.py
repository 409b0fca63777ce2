"""The command core: one for slash and chat commands, answered from the store alone."""
