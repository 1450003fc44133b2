"""All published locks, made and checked at once."""
