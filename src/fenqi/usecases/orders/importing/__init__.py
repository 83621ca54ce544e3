"""Orders from a file: read with bounds, translated by a mapping, written in batches that can be stopped and resumed."""
