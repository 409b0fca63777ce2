"""What we say to whoever asks: every word of the answers to commands. Pure."""
