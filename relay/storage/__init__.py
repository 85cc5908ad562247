"""What the desk keeps: tables, migrations, and the one connection that writes."""
