"""The stages of R1's recipe, one readable script each.

They talk to each other only through checkpoints and JSONL, so that any of them can be run alone,
again, or by other means.
"""
