"""What every run saw, kept small. `store.history` opens it; importing this package alone costs nothing."""
