"""After-sales: policies, what may be asked for, what it is worth, and how a case moves. Pure, as all of the domain."""
