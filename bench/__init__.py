"""Speed as ratios against a floor measured in the same run; absolute times mean nothing on a shared machine."""
