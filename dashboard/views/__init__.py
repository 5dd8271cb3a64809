"""The owner's pages, a file to each."""
