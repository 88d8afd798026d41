"""Facts that age, as data with source, date and grade."""
