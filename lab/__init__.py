"""Tools that make and check the matrix's data; not part of the wheel."""
