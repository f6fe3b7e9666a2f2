"""Sources of posts: each yields pages, knows no store, and raises only `core.errors`."""
