"""The shared words: records, watches, settings, errors, matching and the one HTTP transport."""
