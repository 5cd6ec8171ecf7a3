"""What runs at the far side of the wall, beside a program: read as text and sent into slots.

Standard library only. `codec` is imported on our side too.
"""
