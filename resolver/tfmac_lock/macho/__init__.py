"""Mach-O files: what they need, what they offer, and the oldest macOS that they name."""
