"""Pure functions, without widgets, that turn a board into rows of text. Observed text enters as `Text`."""
