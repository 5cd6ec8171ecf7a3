"""Workers: a supervisor that talks to the queue, and children that it can kill.

```
queue ── lease ──▶ supervisor ── frame ──▶ child 1 … N   (pure: one job at a time each)
                       │                   child         (code: a thread for each sandbox slot)
                       └── watches CPU time, memory and progress of each; kills and replaces
```

The supervisor never looks into a completion: it moves bytes. What runs away is found by the
progress that a child writes into shared memory before each unit of work.
"""
