"""Business halls: the list for everybody."""
