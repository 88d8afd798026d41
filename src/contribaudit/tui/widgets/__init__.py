"""One widget a file, with what only it draws."""
