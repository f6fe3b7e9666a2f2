"""Pure functions of frames: intervals, hours and days, coverage, spikes. No store, no clock, no network."""
