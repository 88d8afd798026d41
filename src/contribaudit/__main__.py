"""`python -m contribaudit` is the same as `contribaudit`."""

from contribaudit.start import main

main()
