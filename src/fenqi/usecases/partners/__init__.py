"""Finance partners: who lends, what they are told of a return, what they answer, and what their daily file says."""
