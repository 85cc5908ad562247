"""A witness: cosigns logs of sessions that only grow. Another organisation runs it, so that nobody can show two logs, or an older one."""
