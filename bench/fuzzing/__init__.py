"""The parts of `bench/math_fuzz.py`."""
