"""What the vendor publishes about itself: its sub-processors, and the documents whose terms permit what it does.

`fetching` gets a page, `pages` says what is readable of it.
"""
