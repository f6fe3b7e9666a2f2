"""Alembic migrations, packaged with the program."""
