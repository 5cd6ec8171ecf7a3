"""The leaf: runs untrusted programs, and knows nothing of rewards."""
