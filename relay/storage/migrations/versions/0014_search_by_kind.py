"""Each kind of what search finds lies in a table of its own, without the places of words: nobody asks for them."""

# ruff: noqa: S608 - only names of our own are put into statements
from alembic import op

revision = "0014"
down_revision = "0013"

KINDS = ("ticket", "customer", "article", "tutorial")


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for kind in KINDS:
        table = f"search_{kind}"
        if is_sqlite:
            # Words come as letters and digits with spaces between them; beyond ASCII this tokenizer takes all as it is.
            op.execute(f"CREATE VIRTUAL TABLE {table} USING fts5(title, words, tokenize = 'ascii', detail = column)")
            op.execute(
                f"INSERT INTO {table} (rowid, title, words) SELECT s.rowid, s.title, s.words FROM search_text s"
                f" JOIN search_entry e ON e.id = s.rowid WHERE e.kind = '{kind}'"
            )
        else:
            op.execute(
                f"CREATE TABLE {table} (id integer PRIMARY KEY REFERENCES search_entry(id) ON DELETE CASCADE,"
                " title tsvector NOT NULL, words tsvector NOT NULL)"
            )
            op.execute(
                f"INSERT INTO {table} SELECT s.id, strip(ts_filter(s.vector, '{{a}}')), strip(s.vector) FROM search_text s"
                f" JOIN search_entry e ON e.id = s.id WHERE e.kind = '{kind}'"
            )
            for column in ("title", "words"):
                op.execute(f"CREATE INDEX ix_{table}_{column} ON {table} USING gin ({column}) WITH (fastupdate = off)")
    op.execute("DROP TABLE search_text")


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        op.execute(
            "CREATE VIRTUAL TABLE search_text USING fts5(title, words, tokenize = 'unicode61 remove_diacritics 0')"
        )
    else:
        op.execute(
            "CREATE TABLE search_text (id integer PRIMARY KEY REFERENCES search_entry(id) ON DELETE CASCADE,"
            " vector tsvector NOT NULL)"
        )
        op.execute("CREATE INDEX ix_search_text_vector ON search_text USING gin (vector)")
    for kind in KINDS:
        if is_sqlite:
            op.execute(f"INSERT INTO search_text (rowid, title, words) SELECT rowid, title, words FROM search_{kind}")
        else:
            op.execute(
                "INSERT INTO search_text SELECT id, setweight(to_tsvector('simple', array_to_string(tsvector_to_array("
                "title), ' ')), 'A') || to_tsvector('simple', array_to_string(tsvector_to_array(words), ' '))"
                f" FROM search_{kind}"
            )
        op.execute(f"DROP TABLE search_{kind}")
