"""Everything around an audit: setting up, looking whether all is well, running unattended."""
