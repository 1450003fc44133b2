"""The curator's workshop: schemas, compiling, checks and refreshing of the facts."""
