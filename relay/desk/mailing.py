"""Mail in both directions for as long as the desk runs, where the settings name servers for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from relay.desk.incoming_mail import Gateway
from relay.desk.outgoing_mail import Outbox
from relay.desk.requests import Desk


@contextlib.asynccontextmanager
async def mailing(desk: Desk) -> AsyncIterator[None]:
    """Send what waits, and take what a mail server hands over."""
    settings = desk.settings
    sending = asyncio.create_task(Outbox(desk.database, settings).run())
    listener = None
    if settings.mail_listen is not None:
        gateway = Gateway(desk.database, settings, desk.tenant)
        host, port = settings.mail_listen
        listener = await asyncio.get_running_loop().create_server(gateway.protocol, host, port)
    try:
        yield
    finally:
        if listener is not None:
            listener.close()
        sending.cancel()
