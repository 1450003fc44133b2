"""The facts, how they load, and what they say of a pair: the verdict, the ranking, the grid."""
