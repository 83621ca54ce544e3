"""The collections desk: who is overdue, what helps, and what is done about it, each shown before it is done."""
