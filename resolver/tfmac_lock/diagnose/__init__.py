"""What went wrong, and what to type now: explain a log, check pins, look at a Mac."""
