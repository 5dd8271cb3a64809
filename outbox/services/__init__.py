"""What is written to the outbox, and how it leaves."""

from outbox.services.cleanup import KEPT, clean_up
from outbox.services.delivery import Delivered, deliver
from outbox.services.messages import announce, channel_of, drop, enqueue, enqueue_mail, give_up, replay, try_again

__all__ = [
    "KEPT",
    "Delivered",
    "announce",
    "channel_of",
    "clean_up",
    "deliver",
    "drop",
    "enqueue",
    "enqueue_mail",
    "give_up",
    "replay",
    "try_again",
]
