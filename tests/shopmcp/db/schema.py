"""What a database consists of, without the order of columns: no statement of the shop depends on it."""

import re

_QUERIES = {
    "relations": "SELECT c.relname, c.relkind::text, c.reloptions::text, a.amname FROM pg_class c "
    "LEFT JOIN pg_am a ON a.oid = c.relam WHERE c.relnamespace = 'public'::regnamespace",
    "columns": "SELECT a.attrelid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
    "a.attidentity::text, a.attgenerated::text, a.attcollation::regcollation::text, "
    "pg_get_expr(d.adbin, d.adrelid), pg_get_serial_sequence(a.attrelid::regclass::text, a.attname) "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'v', 'p') "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
    "WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "sequences": "SELECT sequencename, data_type::text, start_value, increment_by, cycle FROM pg_sequences "
    "WHERE schemaname = 'public'",
    "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
}


def schema_of(database):
    """Everything in the database, as sets that can be compared."""
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute("SELECT type, name, tbl_name, sql FROM sqlite_master")
            return {"objects": {(*names, _parts(sql or "")) for *names, sql in cursor.fetchall()}}
        return {name: set(cursor.execute(query).fetchall()) for name, query in _QUERIES.items()}


def rows_of(database):
    """How many rows each table has."""
    with database.cursor() as cursor:
        return {
            table: cursor.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
            for table in database.introspection.table_names(cursor)
        }


def _parts(sql):
    """The statement's text before its brackets, and the sorted columns and constraints in them."""
    head, _bracket, body = " ".join(sql.split()).partition("(")
    if not head.startswith("CREATE TABLE"):
        return sql
    depth, parts = 0, [""]
    for letter in body.rpartition(")")[0]:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return head, tuple(sorted(re.sub(r"\s+", " ", part).strip() for part in parts))
