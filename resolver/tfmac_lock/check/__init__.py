"""Pins, files and a Mac into findings: what will not work, and what to type instead."""
