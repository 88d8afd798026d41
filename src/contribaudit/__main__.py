"""`python -m contribaudit` is the same as `contribaudit`."""

from contribaudit.cli import main

main()
