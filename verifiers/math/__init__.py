"""Mathematical equivalence: one answer and one reference, equal or not, and why."""
