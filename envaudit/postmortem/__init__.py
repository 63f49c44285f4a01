"""Why did the kernel die: evidence to causes."""
