"""Checks an evidence pack of Mainforte, on any machine:  python verify.py --root FINGERPRINT PACK

Needs Python 3.11 and the package `cryptography`, nothing else. It follows PROTOCOL.md, sections 4.4, 9, 13, 14 and 15. It ends with
    0  complete: all that has to be there is, signed by both ends, and in the organisation's log of all sessions
    1  altered: something was changed, or does not belong together; the place is named
    2  incomplete: something is missing, and named; nothing contradicts the rest. What was deleted by rule is not missing
    3  consistent, but no root was given: whoever made the pack could have made the keys as well
    64 a wrong command, 65 not an evidence pack, 66 no such file: nothing was checked
What the recording shows, an auditor's key opens. Whether others were shown another log, witnesses and `evidence check` find, not one pack.
"""

import base64
import json
import struct
import sys
import time
import zipfile
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]
Note = tuple[str, list[tuple[str, bytes]]]
PLAIN, TIMED, SKEW_S, DOCUMENT_S, CERTIFICATE_S = 1, 4, 120, 90 * 86400, 8 * 3600
FIXED = {"pack.json", "pack.note", "log.json", "sessions.json", "report.fr.html", "report.en.html", "verify.py"}
MEMBERS_MAX, BYTES_MAX, SEGMENT_BYTES_MAX = 100_000, 256 * 2**20, 2**20


class Altered(Exception): ...


def need(condition: object, otherwise: str) -> None:
    if not condition:
        raise Altered(otherwise)


def hashed(text: str) -> str:  # as texts refer to each other
    return base64.b64encode(sha256(text.encode()).digest()).decode()


def bits(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text, "bytes that are not written as they have to be")
    return data


def canonical(text: str, what: str) -> Json:  # anything else could be read in two ways
    try:
        value = json.loads(text)
        again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        raise Altered(f"{what} is not JSON") from None
    need(isinstance(value, dict) and again == text, f"{what} is not written as it has to be")
    return dict(value)


def is_signed(key: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def note(text: str, what: str) -> Note:  # a C2SP signed note: its text, and the name and bytes of each signature
    body, _, below = text.rpartition("\n\n")
    lines = [line.split(" ") for line in below[:-1].split("\n")]
    need(below[-1:] == "\n" and all(len(line) == 3 and line[0] == "—" for line in lines), f"{what} is no note")
    return body + "\n", [(line[1], bits(line[2])) for line in lines]


def signed_at(note: Note, name: str, key: bytes, kind: int) -> int:
    """When the holder of this key says to have cosigned the note, in UTC seconds; 1 for a plain signature, 0 for none."""
    identity = sha256(name.encode() + b"\n" + bytes([kind]) + key).digest()[:4]
    for data in (data for who, data in note[1] if who == name and data[:4] == identity):
        (at,) = struct.unpack(">Q", data[4:12]) if kind == TIMED else (1,)
        text = f"cosignature/v1\ntime {at}\n{note[0]}" if kind == TIMED else note[0]
        if is_signed(key, data[12:] if kind == TIMED else data[4:], text.encode()):
            return int(at)
    return 0


def signed(text: str, label: str, what: str, at_ms: int = 0, longest_s: int = 0) -> tuple[Json, str]:
    """What a signed text says, and the key that signed it; with `longest_s`, only if it was valid at that time."""
    outer = canonical(text, what)
    body, data = canonical(outer["body"], what), f"mainforte-v1 {label}\0{outer['body']}".encode()
    need(is_signed(bits(outer["key"]), bits(outer["signature"]), data), f"the signature of {what} does not hold")
    since, until, at_s = body.get("valid_from", 0), body.get("valid_until", 0), at_ms // 1000
    is_valid = since < until <= since + longest_s and since - SKEW_S <= at_s <= until + SKEW_S
    need(is_valid or not longest_s, f"{what} was not valid then")
    return body, outer["key"]


def check_inclusion(one: Json, size: int, root: bytes) -> None:  # RFC 9162, section 2.1.3.2
    first, last, total = one["index"], size - 1, sha256(b"\0" + one["leaf"].encode()).digest()
    is_possible = 0 <= first <= last
    for each in map(bits, one["hashes"]):
        is_possible = is_possible and last > 0
        is_right = first % 2 == 1 or first == last
        total = sha256(b"\1" + each + total).digest() if is_right else sha256(b"\1" + total + each).digest()
        while is_right and first and not first % 2:
            first, last = first >> 1, last >> 1
        first, last = first >> 1, last >> 1
    need(is_possible and not last and total == root, f"leaf {one['index']} is not in the log of all sessions")


def is_segment(data: bytes, event: Json) -> bool:  # the records of the entry: of one epoch, none left out
    at, counters, is_one = 0, [], True
    while at < len(data):
        length, kind, audience, _, epoch, counter = struct.unpack_from(">IBBHIQ", data, at)
        is_one = is_one and kind == 4 and audience in (0, 2) and epoch == event["epoch"]
        counters += [counter] * (audience == 0)
        at += 4 + length
    return is_one and at == len(data) == event["bytes"] and counters == list(range(event["first"], event["next"]))


class Pack:  # checking it fills `missing`, and `over` with what was deleted when its time was over
    def __init__(self, path: str) -> None:
        self.zip, self.missing, self.over = zipfile.ZipFile(path), list[str](), list[str]()
        self.names = set(self.zip.namelist())
        if not {"pack.json", "log.json"} <= self.names or len(self.names) > MEMBERS_MAX:
            raise zipfile.BadZipFile
        need(len(self.names) == len(self.zip.namelist()), "a member stands in the pack twice")

    def read(self, name: str, bytes_max: int = BYTES_MAX) -> bytes:
        try:
            data = self.zip.open(name).read(bytes_max + 1)
        except Exception as error:  # it is not there, or the zip is broken in one of many ways
            raise Altered(f"{name} cannot be read: {error}") from None
        need(len(data) <= bytes_max, f"{name} is too long")
        return data

    def check(self, root: str) -> None:  # check everything, up to the root where its fingerprint is given
        self.log = canonical(self.read("log.json").decode(), "log.json")
        self.check_entries()
        self.opened, at_ms, what = self.entries[0]["event"], self.entries[0]["at_ms"], "the organisation's document"
        self.document, key = signed(self.log["document"], "organisation document", what, at_ms, DOCUMENT_S)
        fingerprint = base64.urlsafe_b64encode(sha256(bits(key)).digest()).rstrip(b"=").decode()
        need(root in ("", fingerprint), f"{what} is signed by another root: {fingerprint}")
        need(self.opened["document"] == hashed(self.log["document"]), f"entry 0 names another than {what}")
        self.documents, self.sessions = [self.document], canonical(self.read("sessions.json").decode(), "sessions.json")
        for text in self.sessions.get("documents", []):  # later ones of the same root: each names who vouches since
            later, signer = signed(text, "organisation document", "a later document")
            need(signer == key and later["number"] > self.documents[-1]["number"], "a later document is no later one")
            self.documents.append(later)
        self.log_keys = [key for document in self.documents for key in document["log_keys"]]
        self.check_members()
        self.check_heads(self.check_certificates())
        self.check_recording(*self.check_handled(self.check_sessions(f"mainforte/sessions/{fingerprint}")))

    def check_entries(self) -> None:  # one chain from the opening to the end, each entry written as it has to be
        self.entries, previous, is_over, told = list[Json](), base64.b64encode(bytes(32)).decode(), False, 0
        for number, text in enumerate(self.log["entries"]):
            kind = (event := (entry := canonical(text, f"entry {number}"))["event"])["type"]
            need(entry["number"] == number and entry["previous"] == previous, f"entry {number} breaks the chain")
            is_device, sees = kind == "device_described", "view" in event.get("capabilities", [])
            is_out = is_over or (is_device and told != 1)  # once at most, after somebody was allowed to see
            need((kind == "opened") == (number == 0) and not is_out, f"entry {number} cannot stand there")
            previous, is_over, told = hashed(text), kind == "ended", 2 if is_device else max(told, sees)
            self.entries.append(entry)

    def check_members(self) -> None:  # all are in a list that the log's key signed, and nothing else is there
        session, text = self.opened["session"], self.read("pack.json").decode()
        listed, name = canonical(text, "pack.json"), f"mainforte/pack/{session}"
        said = note(self.read("pack.note").decode(), "pack.note")
        is_this = listed["session"] == session and said[0] == f"{name}\n{len(listed['members'])}\n{hashed(text)}\n"
        need(is_this and any(signed_at(said, name, bits(key), PLAIN) for key in self.log_keys), "pack.note is forged")
        hashes = {member["name"]: bits(member["hash"]) for member in listed["members"]}
        for name in sorted(self.names - {"pack.json", "pack.note"} | set(hashes)):
            need(sha256(self.read(name)).digest() == hashes.get(name), f"{name} is not the one of the pack's list")

    def check_certificates(self) -> list[tuple[int, bytes]]:  # the technicians' keys, and the entry of each
        keys, log, document = list[tuple[int, bytes]](), self.log, self.document
        texts = {hashed(text): text for text in [log["certificate"], *log["certificates"]]}
        for entry in (entry for entry in self.entries if entry["event"]["type"] in ("opened", "joined")):
            event, what = entry["event"], f"the certificate of entry {entry['number']}"
            told = {"session": self.opened["session"], "ticket": self.opened["ticket"], "serial": event["participant"]}
            told |= {"organisation": document["name"], "name": event.get("technician") or event.get("name")}
            told |= {key: event[key] for key in ("role", "key") if key in event}
            text = texts.get(event["certificate"])
            need(text or "key" in event, f"{what} is another one")
            if text:
                body, issuer = signed(text, "technician certificate", what, entry["at_ms"], CERTIFICATE_S)
                need(issuer in document["issuing_keys"], f"{what} is not signed by an issuing key")
                need({key: body[key] for key in told} == told, f"{what} says something else than the entry")
            self.missing += [] if text else [what]
            keys.append((entry["number"], bits((body if text else event)["key"])))
        return keys

    def check_heads(self, keys: list[tuple[int, bytes]]) -> None:  # all of this log, by who took part
        texts, agent_key, both, agent = self.log["entries"], bits(self.opened["agent_key"]), 0, 0
        for head in (note(text, "a head") for text in self.log["heads"]):
            size = int(head[0].split("\n")[1])
            need(0 < size <= len(texts), f"a head of {size} entries, of which {len(texts)} are there")
            is_ours = head[0] == f"mainforte/session/{self.opened['session']}\n{size}\n{hashed(texts[size - 1])}\n"
            need(is_ours and signed_at(head, "agent", agent_key, TIMED), f"the head of {size} entries contradicts them")
            agent = max(agent, size)
            if any(name == "technician" for name, _ in head[1]):
                is_theirs = any(signed_at(head, "technician", key, TIMED) for since, key in keys if since < size)
                need(is_theirs, f"the head of {size} entries is signed by somebody who did not take part")
                both = max(both, size)
        signatures = f"signatures: both ends signed {both} of {len(texts)} entries, the agent alone {agent}"
        self.missing += [signatures] * (both != len(texts))
        self.missing += ["the end"] * (self.entries[-1]["event"]["type"] != "ended")

    def check_sessions(self, origin: str) -> list[Json]:  # what the log of all sessions says, which is the same
        name, size, root, _ = (said := note(self.sessions["checkpoint"], "the checkpoint"))[0].split("\n")
        ours = [d for d in self.documents if any(signed_at(said, origin, bits(key), PLAIN) for key in d["log_keys"])]
        need(name == origin and ours, "the checkpoint is not one of the organisation's log")
        by = {w["key"] for d in ours for w in d["witnesses"] if signed_at(said, w["name"], bits(w["key"]), TIMED)}
        lacking = min(d["witness_quorum"] - len({w["name"] for w in d["witnesses"] if w["key"] in by}) for d in ours)
        leaves, outcome = list[Json](), self.entries[-1]["event"].get("outcome", "")
        for one in self.sessions["leaves"]:
            check_inclusion(one, int(size), bits(root))
            leaf, what = canonical(one["leaf"], f"leaf {one['index']}"), f"leaf {one['index']} is another session's"
            need(leaf.pop("salt") and leaf.pop("session") == self.opened["session"], what)
            leaves.append(leaf)
        opening = {key: self.opened[key] for key in ("agent_key", "certificate", "document")}
        end = {"entries": len(self.entries), "last_hash": hashed(self.log["entries"][-1]), "outcome": outcome}
        joined = [entry["event"]["certificate"] for entry in self.entries if entry["event"]["type"] == "joined"]
        wanted = [{"type": "session_joined", "certificate": certificate} for certificate in joined]
        wanted += [{"type": "session_opened", **opening}, {"type": "session_closed", **end}]
        lost = [leaf["type"] for leaf in wanted if leaf not in leaves]
        for kind in {"session_opened", "session_closed"} & set(lost):
            need(all(leaf["type"] != kind for leaf in leaves), f"the log of all sessions tells something else: {kind}")
        self.missing += [f"{kind} in the log of all sessions" for kind in lost]
        self.missing += [f"cosignatures of {lacking} more witnesses"] * (lacking > 0)
        return leaves

    def check_handled(self, leaves: list[Json]) -> tuple[set[str], Json]:  # members that tell of it; the deletion
        known, deleted, auditors = set[str](), Json(), [each["signing_key"] for each in self.document["auditors"]]
        for leaf in (leaf for leaf in leaves if leaf["type"] == "handled"):
            name, is_deleted = f"handled/{bits(leaf['content']).hex()}", leaf["what"] == "recording_deleted"
            if name in self.names:
                body, key = signed(text := self.read(name).decode(), "deletion" if is_deleted else "resealing", name)
                is_this = hashed(text) == leaf["content"] and body["session"] == self.opened["session"]
                makers, deleted = (self.log_keys, body) if is_deleted else (auditors, deleted)
                need(is_this and key in makers, f"{name} is not by who may do that, or of another session")
                auditors += [] if is_deleted else [body["auditor"]["signing_key"]]  # who can open it may pass it on
                known.add(name)
        return known, deleted

    def check_recording(self, known: set[str], deleted: Json) -> None:  # all that the log speaks of, or deleted
        missing, epochs, segments, after = list[str](), list[Json](), 0, 0
        fields = {"key_sealed": "seals", "segment_closed": "hash"}  # of what lies beside all others: "content"
        for number, event in enumerate(entry["event"] for entry in self.entries):
            kind, expected = event["type"], bits(event.get(fields.get(event["type"], "content"), ""))
            name = f"recording/{segments:06}" if kind == "segment_closed" else f"beside/{expected.hex()}"
            if kind == "epoch_began":
                epochs.append(event)
                need(event["epoch"] == len(epochs), f"entry {number}: an epoch is left out")
            elif kind == "segment_closed":
                is_next = event["segment"] == segments and after <= event["first"] <= event["next"]
                is_recorded = 0 < event["epoch"] <= len(epochs) and epochs[event["epoch"] - 1]["wrapped"]
                need(is_next and is_recorded, f"entry {number}: a segment that cannot stand there")
                segments, after = segments + 1, event["next"]
            if expected and name in self.names:
                data = self.read(name, SEGMENT_BYTES_MAX)
                need(sha256(data).digest() == expected, f"{name} is not what entry {number} speaks of")
                need(kind != "segment_closed" or is_segment(data, event), f"{name} holds others than entry {number}")
            elif expected:
                missing.append(f"{name}, of entry {number}")
            known.add(name)
        need(self.names <= known | FIXED, f"nothing in the log speaks of {', '.join(self.names - known - FIXED)}")
        if deleted and missing:
            days, at_s = self.document["recording_days"], deleted["at"]
            due_s, day = self.entries[-1]["at_ms"] // 1000 + days * 86400, time.strftime("%Y-%m-%d", time.gmtime(at_s))
            is_due = due_s - SKEW_S <= at_s <= time.time() + SKEW_S
            rule = f"{'' if is_due else 'NOT '}by the rule to keep it for {days} days"
            missing = [f"recording deleted on {day} by {deleted['by']}, {rule}: {deleted['reason']}"]
            self.over, missing = (missing, []) if is_due else ([], missing)
        self.missing += missing


def main(arguments: list[str]) -> tuple[int, list[str]]:
    *option, path = arguments or [""]
    if path[:1] in ("", "-") or (option and (len(option) != 2 or option[0] != "--root")):
        return 64, [str(__doc__)]
    try:
        (pack := Pack(path)).check(option[-1] if option else "")
    except OSError as error:
        return 66, [f"{path} cannot be read: {error.strerror}"]
    except zipfile.BadZipFile:
        return 65, [f"{path} is not an evidence pack"]
    except (Altered, ValueError, LookupError, TypeError, AttributeError, struct.error) as error:
        return 1, [f"ALTERED: {error if isinstance(error, Altered) else f'something is malformed ({error!r})'}"]
    said = [*pack.over, *(f"missing: {each}" for each in pack.missing)]
    if pack.missing:
        return 2, [*said, "INCOMPLETE: nothing contradicts what is there"]
    if not option:
        return 3, [*said, "CONSISTENT, but no root was given: nothing proves whose it is"]
    return 0, [*said, "COMPLETE: nothing is missing, and nothing was altered"]


if __name__ == "__main__":
    status, said = main(sys.argv[1:])
    sys.stdout.write("\n".join(said) + "\n")
    sys.exit(status)
