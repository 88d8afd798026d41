"""The values that everything else is made of."""
