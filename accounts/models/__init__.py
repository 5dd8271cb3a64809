"""Who may: people with their browsers' sessions, and the keys of scripts."""

from accounts.models.keys import ApiKey, ApiKeyQuerySet, Scope
from accounts.models.people import Address, Person, PersonQuerySet, ShopperSession

__all__ = ["Address", "ApiKey", "ApiKeyQuerySet", "Person", "PersonQuerySet", "Scope", "ShopperSession"]
