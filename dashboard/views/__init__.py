"""The owner's pages, one file for each."""
