"""STEP 4: what the policy says of the state."""
