"""The published matrix as static files: pages for people, JSON for programs."""
