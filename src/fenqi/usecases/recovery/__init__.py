"""A repayment that failed is put right: what can be done, being reminded, and time that is nobody's fault."""
