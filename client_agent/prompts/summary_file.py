"""The summary as a receipt that the customer may keep: HTML, or plain text where its name ends so."""

import html
from pathlib import Path

from client_agent.prompts.words.summary import SummaryWords

_STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem;color:#1a1f27;background:#f7f8fa}"
    "dt{color:#566072}dd{margin:0 0 .75rem}code,pre{overflow-wrap:anywhere;white-space:pre-wrap}h2{font-size:22px}"
)


def write_summary(path: Path, words: SummaryWords, language: str) -> None:
    """Write the file anew.

    Raises:
        OSError: it cannot be written there.
    """
    is_text = path.suffix.lower() == ".txt"
    path.write_text(as_text(words) if is_text else as_html(words, language), encoding="utf-8")


def as_text(words: SummaryWords) -> str:
    """The summary in plain lines."""
    lines = [words.title, "", words.ending, ""]
    lines += words.fact_lines
    for name, deeds in words.people:
        lines += ["", f"– {name}", *(f"  {deed.text}" for deed in deeds)]
    if words.decisions:
        lines += ["", words.decisions_title, *(f"– {decision}" for decision in words.decisions)]
    if words.files:
        lines += ["", words.files_title, *(f"– {file}" for file in words.files)]
    lines += ["", words.about_fingerprint, f"  {words.fingerprint}", ""]
    if words.position:
        lines += [words.about_position, *(f"  {line}" for line in words.position.split("\n")), ""]
    lines += [words.objection, ""]
    return "\n".join(lines)


def as_html(words: SummaryWords, language: str) -> str:
    """The summary as a page of its own, without scripts and without anything from elsewhere."""
    escape = html.escape
    facts = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in (*words.facts, *words.more_facts)
    )
    people = "".join(
        f"<h2>{escape(name)}</h2><ul>{''.join(f'<li>{escape(deed.text)}</li>' for deed in deeds)}</ul>"
        for name, deeds in words.people
    )
    decisions = "".join(f"<li>{escape(decision)}</li>" for decision in words.decisions)
    decided = f"<h2>{escape(words.decisions_title)}</h2><ul>{decisions}</ul>" if decisions else ""
    files = "".join(f"<li>{escape(file)}</li>" for file in words.files)
    decided += f"<h2>{escape(words.files_title)}</h2><ul>{files}</ul>" if files else ""
    position = f"<p>{escape(words.about_position)}</p><pre>{escape(words.position)}</pre>" if words.position else ""
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(words.title)}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{escape(words.title)}</h1><p>{escape(words.ending)}</p><dl>{facts}</dl>{people}{decided}"
        f"<p>{escape(words.about_fingerprint)}<br><code>{escape(words.fingerprint)}</code></p>{position}"
        f"<p>{escape(words.objection)}</p></body></html>\n"
    )
