"""What every run saw, kept small. `store.history` is the door; importing this package alone costs nothing."""
