"""What a household should hear of its use while something can still be done about it."""
