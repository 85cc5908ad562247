"""Why a file cannot go on, in the words that both ends share."""

import errno

from protocol.vocabulary import FileOutcome

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FileTrouble(Exception):
    """The transfer is over, and how."""

    def __init__(self, outcome: FileOutcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def of_writing(error: OSError) -> FileTrouble:
    """What the system said while a file was written."""
    return FileTrouble(FileOutcome.NO_ROOM if error.errno in _FULL else FileOutcome.NOT_WRITABLE)
