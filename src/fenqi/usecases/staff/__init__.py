"""Staff: who they are and what each role may do."""
