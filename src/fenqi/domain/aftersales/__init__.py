"""After-sales: policies, what may be asked for, what it is worth, and how a case moves. Pure, like all of the domain."""
