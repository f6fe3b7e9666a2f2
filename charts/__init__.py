"""Charts as pure functions, frame to Altair: the same specification for screen, file and brief."""
