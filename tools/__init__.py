"""What makes parts of the repository from other parts. Not shipped, and no part of the service."""
