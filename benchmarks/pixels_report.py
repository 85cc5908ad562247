"""What `pixels` has found, as sections of RESULTS.md and as plots."""

import os
from pathlib import Path

from benchmarks import reach, verdicts
from benchmarks.plots import Panel, strip_plot
from benchmarks.report import RESULTS, Section, read, with_section
from benchmarks.series import BEFORE, Series, load

PLOTS = RESULTS.parent / "plots"
ALONE = tuple(dict.fromkeys(each.benchmark for each in reach.REACH_ALONE))
"""The benchmarks of ours alone that some of the figures to reach come from."""
_OWN_FACTS = ("steps", "commit", "date", "load at the end")
_ABOUT = """\
Everybody shows the customer's display of their own (Xvfb) in a page of the same headless Chromium, drawn by software, all on this
machine over loopback; ours and MeshCentral with TLS and a relay between, the others plain. One after the other plays the same scene
(`scenes.py`), in an order that chance gives anew for each round; the other sessions stand idle meanwhile, and what they use then is in
the section on idleness (a minute each time, in sessions of their own: some servers rest or do not by how they happened to begin).
A mark of 16 blocks in each step says which step it is. *Latency* is from just before the painter flushes its
requests to the X server until the mark of that step, or of a later one, has been read back from the page's canvas (`probe.js`, the same
in every page, called where the page draws; reading takes 0.1 ms, included). Of what real programs paint (`programs.py`: xterm,
Chromium, with a mark that they paint themselves), it is from when the X server told of that painting; what they need for it is not in
it, but takes its share of the machine. *KB* are TCP payload that the browser received, TLS included: until the last step was seen, and
after that (*then*), until the picture was exact or for 3 s. *PSNR* and *SSIM* compare three copies of the moving region, taken from the
canvas once a mark was seen, with what was painted; that of the mean error. *Exact after* is from the last
step's painting until every pixel of the canvas is that of the customer's screen, without the corner where the pointer rests. Processor
time is of a core, by role: *agent* is the program on the customer's machine, *relay* what stands between (relay, MeshCentral's server,
websockify). Each figure is the median of the rounds, with the lowest and the highest."""


def found_in(folder: Path) -> dict[str, Series]:
    """All series that a folder holds, by workload."""
    return {series.workload: series for series in map(load, sorted(folder.glob("*.json")))}


def sections(
    found: dict[str, Series], before: dict[str, Series] | None = None, alone: dict[str, Section] | None = None
) -> list[Section]:
    """One for the figures to reach, one for how it was measured, one for the run before, one for each workload."""
    if not found:
        return []
    newest = max(found.values(), key=lambda series: series.circumstances["date"])
    shared = {name: fact for name, fact in newest.circumstances.items() if name not in _OWN_FACTS}
    plots = "\n".join(f"![{name}](plots/{name}.svg)" for name in _plots(found))
    every = [
        Section(
            "reach",
            "The figures to reach",
            f"Ours, from the series below and, where the agent is alone or the path narrow, from the sections on these.{_busy(found)}",
            body=reach.table(found, alone),
        ),
        Section("beside", "Beside the peers", _ABOUT, facts=shared, body=plots),
        *_twice(found, before or {}),
    ]
    for series in found.values():
        own = {name: series.circumstances[name] for name in _OWN_FACTS if name in series.circumstances}
        said = "\n".join(f"- {verdict}" for verdict in verdicts.verdicts(series))
        body = f"{verdicts.table(series)}\n\n{said}"
        every.append(
            Section(
                series.workload,
                f"Beside the peers: {series.workload}",
                f"{series.title.capitalize()}.",
                facts=own,
                body=body,
            )
        )
    return every


def _twice(found: dict[str, Series], before: dict[str, Series]) -> list[Section]:
    """Whether two runs with the same peers say the same."""
    lines, same = [], 0
    for workload, now in found.items():
        then = before.get(workload)
        if then is None or set(then.rounds) != set(now.rounds):
            continue
        words = {verdict.what: verdict.word for verdict in verdicts.verdicts(then)}
        for verdict in verdicts.verdicts(now):
            word = words.get(verdict.what, "–")
            same += word == verdict.word
            lines.append(f"| {workload} | {verdict.what} | {word} | {verdict.word} |")
    if not lines:
        return []
    body = "\n".join(["| | | before | then |", "| --- | --- | --- | --- |", *lines])
    about = (
        f"What two runs of the same peers, one after the other, say of each workload. The same: {same} of {len(lines)}."
    )
    return [Section("twice", "Beside the peers, twice in a row", about, body=body)]


def _busy(found: dict[str, Series]) -> str:
    """What has to be said where the machine had much else to do."""
    cores = os.cpu_count() or 1
    loads = [
        float(told.split(",")[0]) for each in found.values() if (told := each.circumstances.get("load at the end"))
    ]
    if not loads or max(loads) <= 2 * cores:
        return ""
    return (
        f" The machine was busy with other work meanwhile (load up to {max(loads):.0f} on {cores} cores): these are upper bounds, and the "
        "comparison, interleaved all the same, is that of a busy machine."
    )


def write(folder: Path, results: Path = RESULTS, plots: Path = PLOTS) -> list[Section]:
    """Bring RESULTS.md and the plots up to date with all that a folder holds; gives what was written."""
    found = found_in(folder)
    alone = {name: section for name in ALONE if (section := read(name, output=folder.parent))}
    written = sections(found, found_in(folder / BEFORE), alone)
    text = results.read_text(encoding="utf-8") if results.exists() else ""
    for section in written:
        text = with_section(text, section)
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(text, encoding="utf-8")
    plots.mkdir(parents=True, exist_ok=True)
    for name, picture in _plots(found).items():
        (plots / f"{name}.svg").write_text(picture, encoding="utf-8")
    return written


def _plots(found: dict[str, Series]) -> dict[str, str]:
    moving = [series for series in found.values() if series.workload != "idle"]
    seen = [series for series in moving if series.workload != "keys"]
    wanted = {
        "latency": ("Latency, p50 of each round, ms", moving, verdicts.p50),
        "bytes": ("Bytes to the page before refinement, KB a step", seen, verdicts.down_step),
        "processor": (
            "Processor time of the program on the customer's machine, % of a core",
            seen,
            verdicts.role("agent"),
        ),
    }
    return {
        name: strip_plot(
            title,
            [Panel(each.title, [(label, each.figures(label, figure)) for label in each.rounds]) for each in series],
            verdicts.OURS,
        )
        for name, (title, series, figure) in wanted.items()
        if series
    }
