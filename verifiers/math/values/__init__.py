"""What trees stand for: exact rationals, balls, quantities, sets of numbers, progressions."""
