"""The authorization server for chats of shoppers: django-oauth-toolkit, with what it leaves open closed.

There is one resource, `/mcp`, and a token is for it alone. docs/accounts.md says what is asked of clients.
"""
