from tests.orders.pages import full, path, send, tea, view_path

__all__ = ["full", "path", "send", "tea", "view_path"]
