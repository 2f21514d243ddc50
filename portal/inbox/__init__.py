"""The inbox: what a person was told in the portal, read in their language."""
