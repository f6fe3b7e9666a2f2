"""Composes everything: the command line, the steps and the schedule. Nothing imports this room."""
