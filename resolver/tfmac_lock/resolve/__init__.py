"""Resolving for a target: requirements with their origin, candidates, and the solution."""
