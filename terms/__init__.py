"""Documents of platforms: their versions, what changed between them, and which clause it touches."""
