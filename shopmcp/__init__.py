"""A shop that lives in AI chats."""

__version__ = "0.1.0"
