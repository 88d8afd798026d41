"""STEP 3: what was seen, and what it means."""
