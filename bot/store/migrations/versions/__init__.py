"""The steps from an empty store to the present tables."""
