"""Helpers of the migrations: each writes one kind of constraint the one way that holds on a cluster, too."""

from django.db import migrations


def belongs_to_customer(table: str) -> migrations.RunSQL:
    """`customer_id` names a customer."""
    return _foreign_key(table, "customer_id", "customer", "id")


def belongs_to(table: str, column: str, parent: str) -> migrations.RunSQL:
    """`(customer_id, column)` names a row of another spread table (rule 4): immediate, and nothing cascades."""
    return _foreign_key(table, f"customer_id, {column}", parent, "customer_id, id")


def names_small(table: str, column: str, parent: str, parent_column: str) -> migrations.RunSQL:
    """`column` names a row of a small table, which every node has a copy of."""
    return _foreign_key(table, column, parent, parent_column)


def _foreign_key(table: str, columns: str, parent: str, parent_columns: str) -> migrations.RunSQL:
    name = f"{table}_{columns.rpartition(', ')[2]}_fk"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns}) REFERENCES {parent} ({parent_columns})",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


def append_only(table: str) -> list[migrations.RunSQL]:
    """Refuse UPDATE, DELETE and TRUNCATE (rule 7)."""
    return [
        migrations.RunSQL(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            f"DROP TRIGGER {table}_append_only ON {table}",
        ),
        migrations.RunSQL(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
            f"DROP TRIGGER {table}_no_truncate ON {table}",
        ),
    ]


def function(signature: str, definition: str) -> migrations.RunSQL:
    """A function of ours; `signature` is its name with argument types."""
    return migrations.RunSQL(definition, f"DROP FUNCTION {signature}")
