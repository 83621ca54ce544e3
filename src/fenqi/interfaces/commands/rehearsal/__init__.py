"""A rehearsal: thousands of consumers repay through a town that misbehaves, in a house whose processes are killed."""
