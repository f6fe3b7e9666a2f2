"""The only room that speaks SQL: SQLite in a file, or PostgreSQL, behind three handles.

`Store` writes, `Annotations` adds what people say, `Reader` cannot write. Each refuses a database of another schema
and names the command that helps; only `migrate` changes a schema.
"""

from store.annotations import Annotations, open_annotations
from store.export_log import Shown
from store.find import PostFilter
from store.forget import Forgotten
from store.persons import Trace
from store.posts import Saved
from store.public import People
from store.reader import Reader, open_reader
from store.upgrade import migrate
from store.writer import Store, open_store

__all__ = [
    "Annotations",
    "Forgotten",
    "People",
    "PostFilter",
    "Reader",
    "Saved",
    "Shown",
    "Store",
    "Trace",
    "migrate",
    "open_annotations",
    "open_reader",
    "open_store",
]
