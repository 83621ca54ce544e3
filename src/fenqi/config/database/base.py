"""Django's PostgreSQL backend, with the connection fit for schema changes while the schema is changed.

We prepare every statement at its first use (`prepare_threshold: 0`), and a prepared statement holds one command. The
schema editor of Django sends several at once, so preparing pauses inside it: for `migrate` and for test databases.
"""

from types import TracebackType
from typing import Self

from django.db.backends.postgresql import base, schema


class DatabaseSchemaEditor(schema.DatabaseSchemaEditor):
    def __enter__(self) -> Self:
        self.connection.ensure_connection()
        self.usual_threshold = self.connection.connection.prepare_threshold
        self.connection.connection.prepare_threshold = None
        super().__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            if self.connection.connection is not None:
                self.connection.connection.prepare_threshold = self.usual_threshold


class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = DatabaseSchemaEditor
