"""Alerts: which spikes open an incident, what the message says, and how it reaches its channels."""
