"""Python hooks of other trainers, one file each, over `RewardClient`.

All of them read the service's address from `ADJUDGE_URL` and what to judge by from
`ADJUDGE_REWARDS` (a preset's name, kinds parted by commas, or JSON as on the wire).
"""
