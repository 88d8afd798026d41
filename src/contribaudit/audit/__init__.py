"""The story of an audit, and the services on it that the command line and the dashboard share."""
