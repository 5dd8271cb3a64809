"""Signing in, and what a signed-in shopper sees and does."""
