"""Checks an evidence pack of Mainforte, on any machine:  python verify.py --root FINGERPRINT PACK

Needs Python 3.11 and the package `cryptography`, nothing else. It follows PROTOCOL.md, sections 4.4, 9, 13, 14 and 15. It ends with
    0  complete: all is there, signed by both ends, and in the organisation's log of all sessions
    1  altered: something was changed, or does not belong together; the place is named
    2  incomplete: nothing contradicts what is there, and something is missing; it is named
    3  consistent, but no root was given: whoever made the pack could have made the keys as well
    64 a wrong command, 65 not an evidence pack, 66 no such file: nothing was checked
What the recording shows, an auditor's key opens. Whether others were shown another log, witnesses and `evidence check` find, not one pack.
"""

import base64
import hashlib
import json
import struct
import sys
import zipfile
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


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def bits(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    need(b64(data) == text, "bytes that are not written as they have to be")
    return data


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def canonical(text: str, what: str) -> Json:
    """JSON exactly as it would have been written: anything else could be read in two ways."""
    try:
        value = json.loads(text)
        again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        raise Altered(f"{what} is not JSON") from None
    need(isinstance(value, dict) and again == text, f"{what} is not written as it has to be")
    return dict(value)


class Pack:  # the members of the zip, read one at a time
    def __init__(self, path: str) -> None:
        self.zip = zipfile.ZipFile(path)
        self.names = set(self.zip.namelist())
        if not {"pack.json", "log.json"} <= self.names or len(self.names) > MEMBERS_MAX:
            raise zipfile.BadZipFile
        need(len(self.names) == len(self.zip.namelist()), "a member stands in the pack twice")

    def read(self, name: str, bytes_max: int = BYTES_MAX) -> bytes:
        need(name in self.names, f"{name} is missing")
        try:
            with self.zip.open(name) as member:
                data = member.read(bytes_max + 1)
        except Exception as error:  # a zip can be broken in many ways
            raise Altered(f"{name} cannot be read: {error}") from None
        need(len(data) <= bytes_max, f"{name} is too long")
        return data

    def check_members(self, session: str, log_keys: list[str]) -> None:
        """Every member is in a list that the log's key signed, and nothing else is in the pack."""
        name, text = f"mainforte/pack/{session}", self.read("pack.json").decode()
        listed, said = canonical(text, "pack.json"), note(self.read("pack.note").decode(), "pack.note")
        is_this = said[0] == f"{name}\n{len(listed['members'])}\n{b64(digest(text.encode()))}\n"
        is_by_log = any(signed_at(said, name, bits(key), PLAIN) for key in log_keys)
        need(is_this and is_by_log and listed["session"] == session, "pack.note is not the log's, of this pack")
        hashes = {member["name"]: bits(member["hash"]) for member in listed["members"]}
        for name in sorted(self.names - {"pack.json", "pack.note"} | set(hashes)):
            need(name in hashes, f"{name} is in the pack, and not in its list")
            need(digest(self.read(name)) == hashes[name], f"{name} is not the one of the pack's list")


def is_signed(key: bytes, signature: bytes, data: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def note(text: str, what: str) -> Note:
    """A C2SP signed note: its text, and the name and bytes of each signature."""
    body, _, below = text.rpartition("\n\n")
    lines = [line.split(" ") for line in below[:-1].split("\n")]
    need(below[-1:] == "\n" and all(len(line) == 3 and line[0] == "—" for line in lines), f"{what} is no note")
    return body + "\n", [(line[1], bits(line[2])) for line in lines]


def signed_at(note: Note, name: str, key: bytes, kind: int) -> int:
    """When the holder of this key says to have cosigned the note, in UTC seconds; 1 for a plain signature, 0 for none."""
    identity = digest(name.encode() + b"\n" + bytes([kind]) + key)[:4]
    for data in (data for who, data in note[1] if who == name and data[:4] == identity):
        (at,) = struct.unpack(">Q", data[4:12]) if kind == TIMED else (1,)
        text = f"cosignature/v1\ntime {at}\n{note[0]}" if kind == TIMED else note[0]
        if is_signed(key, data[12:] if kind == TIMED else data[4:], text.encode()):
            return int(at)
    return 0


def signed(text: str, label: str, what: str, at_ms: int, longest_s: int) -> tuple[Json, bytes]:
    """What a signed text said that was valid at that time, and the key that signed it."""
    outer = canonical(text, what)
    key, data = bits(outer["key"]), f"mainforte-v1 {label}\0{outer['body']}".encode()
    need(is_signed(key, bits(outer["signature"]), data), f"the signature of {what} does not hold")
    body, at_s = canonical(outer["body"], what), at_ms // 1000
    since, until = body["valid_from"], body["valid_until"]
    need(since < until <= since + longest_s and since - SKEW_S <= at_s <= until + SKEW_S, f"{what} was not valid then")
    return body, key


def read_entries(texts: list[str]) -> list[Json]:
    entries: list[Json] = []
    previous, is_over = bytes(32), False
    for number, text in enumerate(texts):
        entry = canonical(text, f"entry {number}")
        kind = entry["event"]["type"]
        need(entry["number"] == number and bits(entry["previous"]) == previous, f"entry {number} breaks the chain")
        need((kind == "opened") == (number == 0) and not is_over, f"entry {number} cannot stand there")
        previous, is_over = digest(text.encode()), kind == "ended"
        entries.append(entry)
    return entries


def check_certificates(log: Json, entries: list[Json], document: Json) -> tuple[list[tuple[int, bytes]], list[str]]:
    """The keys of all technicians, each with the entry that brought it; and what is missing."""
    keys, missing, opened = list[tuple[int, bytes]](), list[str](), entries[0]["event"]
    texts = {b64(digest(text.encode())): text for text in [log["certificate"], *log["certificates"]]}
    for entry in (entry for entry in entries if entry["event"]["type"] in ("opened", "joined")):
        event, what = entry["event"], f"the certificate of entry {entry['number']}"
        told = {"session": opened["session"], "ticket": opened["ticket"], "serial": event["participant"]}
        told |= {"organisation": document["name"], "name": event.get("technician") or event.get("name")}
        told |= {key: event[key] for key in ("role", "key") if key in event}
        need(event["certificate"] in texts or "key" in event, f"{what} is another one")
        if event["certificate"] not in texts:
            keys, missing = [*keys, (entry["number"], bits(event["key"]))], [*missing, what]
            continue
        body, issuer = signed(
            texts[event["certificate"]], "technician certificate", what, entry["at_ms"], CERTIFICATE_S
        )
        need(b64(issuer) in document["issuing_keys"], f"{what} is not signed by an issuing key")
        need({key: body[key] for key in told} == told, f"{what} says something else than the entry")
        keys.append((entry["number"], bits(body["key"])))
    return keys, missing


def check_heads(log: Json, entries: list[Json], keys: list[tuple[int, bytes]]) -> list[str]:
    """Every head is of this log, and signed by those who took part. Gives what is missing."""
    opened, agent_key, both, agent = entries[0]["event"], bits(entries[0]["event"]["agent_key"]), 0, 0
    for head in (note(text, "a head") for text in log["heads"]):
        size = int(head[0].split("\n")[1])
        need(0 < size <= len(entries), f"a head of {size} entries, of which {len(entries)} are there")
        last = b64(digest(log["entries"][size - 1].encode()))
        is_ours = head[0] == f"mainforte/session/{opened['session']}\n{size}\n{last}\n"
        need(is_ours and signed_at(head, "agent", agent_key, TIMED), f"the head of {size} entries contradicts them")
        agent = max(agent, size)
        if any(name == "technician" for name, _ in head[1]):
            is_theirs = any(signed_at(head, "technician", key, TIMED) for since, key in keys if since < size)
            need(is_theirs, f"the head of {size} entries is signed by somebody who did not take part")
            both = max(both, size)
    signatures = f"signatures: both ends signed {both} of {len(entries)} entries, the agent alone {agent}"
    return [signatures] * (both != len(entries)) + ["the end"] * (entries[-1]["event"]["type"] != "ended")


def check_sessions(sessions: Json, log: Json, entries: list[Json], document: Json, origin: str) -> list[str]:
    """The session stands in the log of all sessions as it stands here. Gives what is missing."""
    opened, last, said = entries[0]["event"], entries[-1]["event"], note(sessions["checkpoint"], "the checkpoint")
    name, size, root, _ = said[0].split("\n")
    is_by_log = any(signed_at(said, origin, bits(key), PLAIN) for key in document["log_keys"])
    need(name == origin and is_by_log, "the checkpoint is not one of the organisation's log")
    agreed = {w["name"] for w in document["witnesses"] if signed_at(said, w["name"], bits(w["key"]), TIMED)}
    lacking, leaves = document["witness_quorum"] - len(agreed), []
    for one in sessions["leaves"]:
        check_inclusion(one, int(size), bits(root))
        leaf = canonical(one["leaf"], f"leaf {one['index']}")
        need(leaf.pop("salt") and leaf.pop("session") == opened["session"], f"leaf {one['index']} is another session's")
        leaves.append(leaf)
    wanted = [{"type": "session_opened", **{key: opened[key] for key in ("agent_key", "certificate", "document")}}]
    joined = [entry["event"]["certificate"] for entry in entries if entry["event"]["type"] == "joined"]
    wanted += [{"type": "session_joined", "certificate": certificate} for certificate in joined]
    end = {"entries": len(entries), "last_hash": b64(digest(log["entries"][-1].encode()))}
    wanted += [{"type": "session_closed", "outcome": last.get("outcome", ""), **end}]
    lost = [leaf["type"] for leaf in wanted if leaf not in leaves]
    for kind in {"session_opened", "session_closed"} & set(lost):
        need(all(leaf["type"] != kind for leaf in leaves), f"the log of all sessions tells something else: {kind}")
    lost += [f"cosignatures of {lacking} more witnesses"] * (lacking > 0)
    return [f"{kind} in the log of all sessions" for kind in lost]


def check_inclusion(one: Json, size: int, root: bytes) -> None:  # RFC 9162, section 2.1.3.2
    first, last, total = one["index"], size - 1, digest(b"\0" + one["leaf"].encode())
    is_possible = 0 <= first <= last
    for each in map(bits, one["hashes"]):
        is_possible = is_possible and last > 0
        is_right = first % 2 == 1 or first == last
        total = digest(b"\1" + each + total) if is_right else digest(b"\1" + total + each)
        while is_right and first and not first % 2:
            first, last = first >> 1, last >> 1
        first, last = first >> 1, last >> 1
    need(is_possible and not last and total == root, f"leaf {one['index']} is not in the log of all sessions")


def check_recording(pack: Pack, entries: list[Json]) -> list[str]:
    """Everything that the log speaks of is here as it was signed, and nothing else. Gives what is missing."""
    missing, epochs, segments, after, known = [], list[Json](), 0, 0, set[str]()
    hashed = {"key_sealed": "seals", "noted": "content", "segment_closed": "hash"}
    for kind, event, number in ((entry["event"]["type"], entry["event"], entry["number"]) for entry in entries):
        expected = bits(event.get(hashed.get(kind, ""), ""))
        name = f"recording/{segments:06}" if kind == "segment_closed" else f"beside/{expected.hex()}"
        if kind == "epoch_began":
            epochs.append(event)
            need(event["epoch"] == len(epochs), f"entry {number}: an epoch is left out")
        elif kind == "segment_closed":
            is_next = event["segment"] == segments and after <= event["first"] <= event["next"]
            is_recorded = 0 < event["epoch"] <= len(epochs) and epochs[event["epoch"] - 1]["wrapped"]
            need(is_next and is_recorded, f"entry {number}: a segment that cannot stand there")
            segments, after = segments + 1, event["next"]
        if expected and name in pack.names:
            data = pack.read(name, SEGMENT_BYTES_MAX)
            need(digest(data) == expected, f"{name} is not what entry {number} speaks of")
            need(kind != "segment_closed" or is_segment(data, event), f"{name} holds others than entry {number} says")
        elif expected:
            missing.append(f"{name}, of entry {number}")
        known.add(name)
    for name in sorted(pack.names - known - FIXED):
        raise Altered(f"nothing in the log speaks of {name}")
    return missing


def is_segment(data: bytes, event: Json) -> bool:
    """Whether these are the records that the entry speaks of: to all or the store, of one epoch, and none left out."""
    at, counters, is_one = 0, [], True
    while at < len(data):
        length, kind, audience, _, epoch, counter = struct.unpack_from(">IBBHIQ", data, at)
        is_one = is_one and kind == 4 and audience in (0, 2) and epoch == event["epoch"]
        counters += [counter] * (audience == 0)
        at += 4 + length
    return is_one and at == len(data) == event["bytes"] and counters == list(range(event["first"], event["next"]))


def check(pack: Pack, root: str) -> list[str]:
    """Check everything, up to the root where its fingerprint is given. Gives what is missing."""
    log = canonical(pack.read("log.json").decode(), "log.json")
    entries, what = read_entries(log["entries"]), "the organisation's document"
    document, key = signed(log["document"], "organisation document", what, entries[0]["at_ms"], DOCUMENT_S)
    fingerprint = base64.urlsafe_b64encode(digest(key)).rstrip(b"=").decode()
    need(root in ("", fingerprint), f"{what} is signed by another root: {fingerprint}")
    opened = entries[0]["event"]
    need(bits(opened["document"]) == digest(log["document"].encode()), f"entry 0 names another than {what}")
    pack.check_members(opened["session"], document["log_keys"])
    sessions = canonical(pack.read("sessions.json").decode(), "sessions.json")
    keys, missing = check_certificates(log, entries, document)
    missing += check_heads(log, entries, keys)
    missing += check_sessions(sessions, log, entries, document, f"mainforte/sessions/{fingerprint}")
    return missing + check_recording(pack, entries)


def main(arguments: list[str]) -> tuple[int, list[str]]:
    *option, path = arguments or [""]
    if path[:1] in ("", "-") or (option and (len(option) != 2 or option[0] != "--root")):
        return 64, [str(__doc__)]
    try:
        missing = check(Pack(path), option[-1] if option else "")
    except OSError as error:
        return 66, [f"{path} cannot be read: {error.strerror}"]
    except zipfile.BadZipFile:
        return 65, [f"{path} is not an evidence pack"]
    except (Altered, ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error) as error:
        return 1, [f"ALTERED: {error if isinstance(error, Altered) else f'something is malformed ({error!r})'}"]
    if missing:
        return 2, [*(f"missing: {each}" for each in missing), "INCOMPLETE: nothing contradicts what is there"]
    if not option:
        return 3, ["CONSISTENT, but no root was given: nothing proves whose it is"]
    return 0, ["COMPLETE: nothing is missing, and nothing was altered"]


if __name__ == "__main__":
    status, said = main(sys.argv[1:])
    sys.stdout.write("\n".join(said) + "\n")
    sys.exit(status)
