"""HTTP in front of a `Desk`: bounded bodies, readable refusals, counters, pages."""
