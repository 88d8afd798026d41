"""What the vendor publishes: its list of sub-processors, and the documents whose terms govern the use of data.

`fetching` gets a page, `pages` extracts its text.
"""
