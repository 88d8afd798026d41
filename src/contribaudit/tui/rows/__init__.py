"""From a board to rows of text: pure functions, no widget. Observed text enters as `Text`."""
