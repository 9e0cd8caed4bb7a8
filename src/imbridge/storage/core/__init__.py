"""What a storage in any database is made of: one writer, what it is asked for, and entries as plain rows."""
