"""People: who they are, how they prove it, and which accounts they may see."""
