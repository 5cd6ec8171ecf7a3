"""What runs on the slot's side of the wall: standard library only, imports nothing outside itself.

These modules are executed by an interpreter of the slot's own (`python -s -S -P`, an empty
environment), possibly in a container that holds nothing else of this project.
"""
