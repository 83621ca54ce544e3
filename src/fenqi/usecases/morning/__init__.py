"""What the house looks like this morning: what is late, what fails, what does not reconcile, and how money moves."""
