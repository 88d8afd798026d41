"""Random lives of an organization, from the console to the report."""
