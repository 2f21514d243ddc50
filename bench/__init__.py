"""Speed as ratios against a floor measured in the same run.

Absolute times mean nothing on a shared machine.
"""
