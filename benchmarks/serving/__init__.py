"""How many calls a running shop answers, beside a bare server on the same machine: `make bench`."""
