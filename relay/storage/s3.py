"""Recordings in an S3 bucket. Credentials, region and endpoint come from the usual `AWS_…` variables of the environment."""

import asyncio

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from relay.storage.blobs import BlobDiffers, NoSuchBlob, check_name, check_prefix
from relay.storage.database import StorageFull


class S3Blobs:
    """Objects below a prefix, each put once: by a condition that the store itself holds to."""

    def __init__(self, url: str) -> None:
        """`url`: `s3://bucket/prefix`. Nothing is asked of the store yet."""
        self._store = S3Store.from_url(url)

    async def put(self, name: str, data: bytes) -> None:
        try:
            await obstore.put_async(self._store, check_name(name), data, mode="create")
        except AlreadyExistsError:
            if await self.get(name) != data:
                raise BlobDiffers(name) from None
        except (BaseError, OSError) as error:
            raise StorageFull from error

    async def get(self, name: str) -> bytes:
        try:
            found = await obstore.get_async(self._store, check_name(name))
            return bytes(await found.bytes_async())
        except FileNotFoundError:
            raise NoSuchBlob(name) from None

    async def size(self, name: str) -> int:
        try:
            return int((await obstore.head_async(self._store, check_name(name)))["size"])
        except FileNotFoundError:
            raise NoSuchBlob(name) from None

    async def delete(self, name: str) -> None:
        try:
            await obstore.delete_async(self._store, check_name(name))
        except FileNotFoundError:
            return

    async def names(self, prefix: str = "") -> list[str]:
        found = []
        async for page in obstore.list(self._store, check_prefix(prefix) or None):
            found += [str(each["path"]) for each in page]
        return sorted(found)

    async def tidy(self) -> None:
        """Nothing is ever half there."""
        await asyncio.sleep(0)

    async def close(self) -> None:
        """Connections close with the store."""
