"""The steps of an audit, and the services that the command line and the dashboard share."""
