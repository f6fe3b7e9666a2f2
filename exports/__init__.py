"""Files for analysts: formula-safe, stamped, streamed, and never torn."""
