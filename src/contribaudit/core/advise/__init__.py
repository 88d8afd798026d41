"""STEP 5: the report, and what follows from it: causes, deadlines, forecasts, what to do next."""
