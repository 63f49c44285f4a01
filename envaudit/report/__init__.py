"""What was found, said: the report document and one output format a file."""
