"""A finance app, as a partner of the mall would build it: it knows the mall's API and nothing else."""
