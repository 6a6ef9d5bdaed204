"""The portal's parts together."""

from __future__ import annotations

from core.platform.uow import UnitOfWork
from core.portal.inbox import Inbox
from core.portal.pages import Pages
from core.portal.photos import Photos
from core.portal.widgets import Widgets


class Portal:
    """What the portal shows; each part is a room of its own."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.pages, self.widgets, self.inbox = Pages(uow), Widgets(uow), Inbox(uow)
        self.photos = Photos(uow)
