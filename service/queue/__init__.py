"""The queue: Redis Streams, batched both ways, at least once.

```
front ── admission + XADD (one Lua call) ──▶ stream of a lane ── XREADGROUP ──▶ worker
  ▲                                                                              │
  └── BLMPOP ◀── reply list of that front ◀── XACK + XDEL + LPUSH (one MULTI) ◀──┘
```

A job is taken under a lease which the worker's supervisor keeps alive; a lease left alone for five
seconds is claimed by another worker, also when the queue is otherwise idle. A job done twice is
harmless: verifiers are pure, and the front looks at a job's first reply only. What was taken too
often goes to the dead letters. XDEL keeps a stream's length what waits plus what runs.

Commands are those that Redis 7 and Valkey 9 share (`XREADGROUP … CLAIM` and `XACKDEL` are not).
"""
