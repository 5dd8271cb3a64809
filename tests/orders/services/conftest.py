from tests.orders.pages import full, path, send, view_path

__all__ = ["full", "path", "send", "view_path"]
