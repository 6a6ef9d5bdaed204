"""What staff change while the system runs; settings that need a restart stand in `core.settings`."""
