"""Values and pure functions: no file, socket, clock, environment, widget or SQL."""
