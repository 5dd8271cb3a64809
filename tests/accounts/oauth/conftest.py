from tests.accounts.oauth.asking import app, dana, mail, ruth

__all__ = ["app", "dana", "mail", "ruth"]
