"""From a log to symptoms: what an error means, and what to type now."""
