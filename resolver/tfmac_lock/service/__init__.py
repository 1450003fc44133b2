"""The service: the published files from memory, and locks resolved on request."""
