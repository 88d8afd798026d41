"""Everything around an audit: setup, diagnosis, schedules, notifications."""
