"""What the desk writes for itself: articles, scripts, question trees, procedures; in versions, read by a second person. No I/O.

    draft ──submit──► review ──publish──► published ──withdraw──► withdrawn
      ▲                 │                     │                       │
      └──── send back ──┘◄────── revise ──────┴───────────────────────┘

A published version stays in force while the next one is being written. An article in review is found by everybody of the desk at once,
marked as such; only a published one may be shown to customers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from protocol.codec import Decoder, Message
from relay.desk import ladders, procedures, question_trees
from relay.desk.ladders import Ladder
from relay.desk.procedures import Procedure, Script
from relay.desk.question_trees import Tree
from relay.desk.rules import LongText, NotPossible, Slug, SomeLine, SomeText, Version

DRAFT = "draft"
REVIEW = "review"
PUBLISHED = "published"
WITHDRAWN = "withdrawn"
STATES = (DRAFT, REVIEW, PUBLISHED, WITHDRAWN)


class Article(Message, frozen=True, tag="article"):
    """A solved problem as the next adviser needs it (Knowledge-Centered Service: issue, environment, resolution, cause)."""

    language: Literal["fr", "en"]
    title: SomeLine
    issue: LongText
    environment: LongText
    resolution: LongText
    cause: LongText
    product: Slug
    audience: Literal["desk", "customers"]
    guide: bool
    """A manual or a guide to be followed step by step, rather than one solved problem."""


Content = Article | Script | Tree | Procedure | Ladder
KINDS = ("article", "script", "tree", "procedure", "ladder")


class Drafted(Message, frozen=True, tag="drafted"):
    """A new version, complete; `after` is the version that its author had before their eyes."""

    content: Content
    author: SomeLine
    after: int


class Submitted(Message, frozen=True, tag="submitted"):
    """The newest version waits for a second person."""


class SentBack(Message, frozen=True, tag="sent_back"):
    """The second person wants changes."""

    reason: SomeText


class Published(Message, frozen=True, tag="published"):
    """The newest version is in force from now on."""

    version: Version
    approver: SomeLine


class Withdrawn(Message, frozen=True, tag="withdrawn"):
    """It is no longer in force."""

    reason: SomeText


DocumentEvent = Drafted | Submitted | SentBack | Published | Withdrawn

events: Decoder[DocumentEvent] = Decoder(DocumentEvent, bytes_max=256 * 1024)


class Stale(NotPossible):
    """Somebody wrote a newer version meanwhile: the two have to be compared, nothing is overwritten."""


@dataclass(frozen=True)
class Document:
    """One document with all its versions; number n is `versions[n - 1]`."""

    versions: tuple[Content, ...] = ()
    authors: tuple[str, ...] = ()
    state: str = ""
    """Of the newest version."""
    in_force: int = 0
    """The version that is published; 0 for none."""

    @property
    def newest(self) -> int:
        return len(self.versions)

    @property
    def content(self) -> Content:
        """The newest version."""
        return self.versions[-1]

    @property
    def published(self) -> Content | None:
        return self.versions[self.in_force - 1] if self.in_force else None

    @property
    def readable(self) -> int:
        """The version that people of the desk go by: the one in force, else one in review; 0 for none."""
        return self.in_force or (self.newest if self.state == REVIEW else 0)


def apply(document: Document, event: DocumentEvent) -> Document:
    """The document after one more event.

    Raises:
        Stale: it was written after another version than the newest one.
        NotPossible: it does not follow from the state, or a person approves their own words.
    """
    match event:
        case Drafted(content=content, author=author, after=after):
            if after != document.newest:
                raise Stale(f"written after version {after}, the newest is {document.newest}")
            if document.versions and type(content) is not type(document.content):
                raise NotPossible("another kind of document")
            return replace(
                document, versions=(*document.versions, content), authors=(*document.authors, author), state=DRAFT
            )
        case Submitted():
            if document.state != DRAFT:
                raise NotPossible("only a draft is submitted")
            return replace(document, state=REVIEW)
        case SentBack():
            if document.state != REVIEW:
                raise NotPossible("it is not in review")
            return replace(document, state=DRAFT)
        case Published(version=version, approver=approver):
            if document.state != REVIEW or version != document.newest:
                raise NotPossible("only what is in review is published")
            if approver == document.authors[-1]:
                raise NotPossible("a second person approves")
            return replace(document, state=PUBLISHED, in_force=version)
        case Withdrawn():
            if not document.in_force:
                raise NotPossible("nothing is in force")
            return replace(document, state=WITHDRAWN, in_force=0)


def rebuild(history: Iterable[DocumentEvent]) -> Document:
    """The document that these events make."""
    document = Document()
    for event in history:
        document = apply(document, event)
    return document


def problems(content: Content) -> list[str]:
    """Why it cannot be put in force, a word each; empty when it can."""
    match content:
        case Tree():
            return question_trees.problems(content)
        case Procedure():
            return procedures.problems(content)
        case Article(issue=issue, resolution=resolution):
            return [name for name, text in (("issue", issue), ("resolution", resolution)) if not text.strip()]
        case Ladder():
            return ladders.problems(content)
        case Script():
            return []
