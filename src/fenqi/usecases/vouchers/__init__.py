"""What a customer keeps: a voucher for every sum that moved, and all records of an order with their proofs."""
