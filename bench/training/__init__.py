"""The parts of `bench/trainer.py`."""
