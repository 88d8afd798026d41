"""STEP 4: what the policy says about the state."""
