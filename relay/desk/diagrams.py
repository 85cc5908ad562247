"""The way of a kind of request as a diagram with lanes, from its procedure: as BPMN 2.0 for other programs, as SVG for people. No I/O.

BPMN 2.0 (OMG formal/2011-01-03), chapters 10 (process) and 12 (diagram interchange).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from relay.desk.ladders import Ladder
from relay.desk.procedures import Procedure

LANE_PX, COLUMN_PX, LABEL_PX, GAP_PX = 110, 170, 130, 24
TASK_PX = (130, 64)
SIZES = {"task": TASK_PX, "start": (36, 36), "end": (36, 36), "gateway": (50, 50)}
_BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
_DI = "http://www.omg.org/spec/BPMN/20100524/DI"
_DC = "http://www.omg.org/spec/DD/20100524/DC"
_DD = "http://www.omg.org/spec/DD/20100524/DI"
_SVG = "http://www.w3.org/2000/svg"


@dataclass(frozen=True)
class Node:
    """Something in a lane: a task, a decision (`gateway`), the start or the end."""

    name: str
    kind: str
    lane: int
    column: int
    text: str

    @property
    def centre(self) -> tuple[int, int]:
        return LABEL_PX + GAP_PX + self.column * COLUMN_PX + COLUMN_PX // 2, self.lane * LANE_PX + LANE_PX // 2

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height in pixels."""
        (x, y), (width, height) = self.centre, SIZES[self.kind]
        return x - width // 2, y - height // 2, width, height


@dataclass(frozen=True)
class Flow:
    """What follows what; `text` is the answer that leads there."""

    source: str
    target: str
    text: str = ""


@dataclass(frozen=True)
class Diagram:
    """Lane 0 is the customer's; one lane a level follows."""

    title: str
    lanes: tuple[str, ...]
    nodes: tuple[Node, ...]
    flows: tuple[Flow, ...]

    def node(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    @property
    def size(self) -> tuple[int, int]:
        columns = max(node.column for node in self.nodes) + 1
        return LABEL_PX + 2 * GAP_PX + columns * COLUMN_PX, len(self.lanes) * LANE_PX


@dataclass(frozen=True)
class Words:
    """What is written into the diagram, in one language."""

    customer: str
    calls: str
    tries: str
    solved: str
    works: str
    yes: str
    no: str


def diagram_of(procedure: Procedure, ladder: Ladder, words: Words, language: str) -> Diagram:
    """From the customer's call through the steps of each level to the customer who tries the solution."""
    levels = sorted({1, *(step.level for step in procedure.steps), *(row.to_level for row in procedure.escalations)})
    lanes = (words.customer, *(ladder.title_of(level, language) for level in levels))
    nodes, flows = [Node("call", "start", 0, 0, words.calls)], []
    column, before, label = 1, "call", ""
    for lane, level in enumerate(levels, start=1):
        for step in procedure.steps_of(level):
            nodes.append(Node(f"step-{step.name}", "task", lane, column, step.text.into(language)))
            flows.append(Flow(before, nodes[-1].name, label))
            before, label, column = nodes[-1].name, "", column + 1
        nodes.append(Node(f"solved-{level}", "gateway", lane, column, words.solved))
        flows.append(Flow(before, nodes[-1].name, label))
        flows.append(Flow(nodes[-1].name, "try", words.yes))
        before, label, column = nodes[-1].name, words.no, column + 1
    nodes += [
        Node("try", "task", 0, column, words.tries),
        Node("works", "gateway", 0, column + 1, words.works),
        Node("over", "end", 0, column + 2, ""),
    ]
    first = next(node.name for node in nodes if node.lane == 1)
    flows += [Flow("try", "works"), Flow("works", "over", words.yes), Flow("works", first, words.no)]
    return Diagram(procedure.title.into(language), lanes, tuple(nodes), tuple(flows))


def points_of(diagram: Diagram, flow: Flow) -> list[tuple[int, int]]:
    """The corners of a line: across, then up or down; backwards it runs above everything."""
    source, target = diagram.node(flow.source), diagram.node(flow.target)
    (x1, y1), (x2, y2) = source.centre, target.centre
    right, left = source.box[0] + source.box[2], target.box[0]
    if target.column < source.column:
        return [(x1, source.box[1]), (x1, 8), (x2, 8), (x2, target.box[1])]
    if source.lane == target.lane:
        return [(right, y1), (left, y2)]
    if source.kind == "gateway" and target.lane < source.lane:
        return [(x1, source.box[1]), (x1, y2), (left, y2)]
    return [(right, y1), (left - 16, y1), (left - 16, y2), (left, y2)]


def to_bpmn(diagram: Diagram) -> bytes:
    """As programs for processes read it; each element has its place."""
    for prefix, space in (("bpmn", _BPMN), ("bpmndi", _DI), ("dc", _DC), ("di", _DD)):
        Xml.register_namespace(prefix, space)
    root = Xml.Element(
        f"{{{_BPMN}}}definitions", {"id": "definitions", "targetNamespace": "https://mainforte.example/process"}
    )
    collaboration = Xml.SubElement(root, f"{{{_BPMN}}}collaboration", {"id": "collaboration"})
    pool = {"id": "pool", "name": diagram.title, "processRef": "process"}
    Xml.SubElement(collaboration, f"{{{_BPMN}}}participant", pool)
    process = Xml.SubElement(root, f"{{{_BPMN}}}process", {"id": "process", "isExecutable": "false"})
    lanes = Xml.SubElement(process, f"{{{_BPMN}}}laneSet", {"id": "lanes"})
    for number, name in enumerate(diagram.lanes):
        lane = Xml.SubElement(lanes, f"{{{_BPMN}}}lane", {"id": f"lane-{number}", "name": name})
        for node in diagram.nodes:
            if node.lane == number:
                Xml.SubElement(lane, f"{{{_BPMN}}}flowNodeRef").text = node.name
    tags = {"task": "task", "gateway": "exclusiveGateway", "start": "startEvent", "end": "endEvent"}
    for node in diagram.nodes:
        Xml.SubElement(process, f"{{{_BPMN}}}{tags[node.kind]}", {"id": node.name, "name": node.text})
    for number, flow in enumerate(diagram.flows):
        named = {"id": f"flow-{number}", "sourceRef": flow.source, "targetRef": flow.target, "name": flow.text}
        Xml.SubElement(process, f"{{{_BPMN}}}sequenceFlow", named)
    _places(Xml.SubElement(root, f"{{{_DI}}}BPMNDiagram", {"id": "diagram"}), diagram)
    return _written(root)


def _places(parent: Xml.Element, diagram: Diagram) -> None:
    plane = Xml.SubElement(parent, f"{{{_DI}}}BPMNPlane", {"id": "plane", "bpmnElement": "collaboration"})
    width, height = diagram.size
    boxes = {"pool": (0, 0, width, height)}
    boxes |= {f"lane-{n}": (30, n * LANE_PX, width - 30, LANE_PX) for n in range(len(diagram.lanes))}
    boxes |= {node.name: node.box for node in diagram.nodes}
    for name, box in boxes.items():
        flat = {"isHorizontal": "true"} if name == "pool" or name.startswith("lane-") else {}
        shape = Xml.SubElement(plane, f"{{{_DI}}}BPMNShape", {"id": f"shape-{name}", "bpmnElement": name, **flat})
        Xml.SubElement(shape, f"{{{_DC}}}Bounds", dict(zip(("x", "y", "width", "height"), map(str, box), strict=True)))
    for number, flow in enumerate(diagram.flows):
        edge = {"id": f"edge-{number}", "bpmnElement": f"flow-{number}"}
        line = Xml.SubElement(plane, f"{{{_DI}}}BPMNEdge", edge)
        for x, y in points_of(diagram, flow):
            Xml.SubElement(line, f"{{{_DD}}}waypoint", {"x": str(x), "y": str(y)})


def to_svg(diagram: Diagram) -> bytes:
    """As people read it, in one file of its own; colours hold on light and on dark pages."""
    Xml.register_namespace("", _SVG)
    width, height = diagram.size
    root = Xml.Element(
        f"{{{_SVG}}}svg", {"viewBox": f"0 0 {width} {height}", "width": str(width), "height": str(height)}
    )
    root.set("font-family", "system-ui, sans-serif")
    root.set("font-size", "13")

    def add(tag: str, text: str = "", **attributes: object) -> None:
        named = {name.replace("_", "-"): str(value) for name, value in attributes.items()}
        Xml.SubElement(root, f"{{{_SVG}}}{tag}", named).text = text or None

    for number, name in enumerate(diagram.lanes):
        ground = "#f7f8fa" if number % 2 else "#ffffff"
        add("rect", x=0, y=number * LANE_PX, width=width, height=LANE_PX, fill=ground, stroke="#d5dae2")
        for line, part in enumerate(_lines(name, 16)):
            add("text", part, x=10, y=number * LANE_PX + 48 + 16 * line, fill="#566072", font_weight=600)
    for flow in diagram.flows:
        points = points_of(diagram, flow)
        add("polyline", points=" ".join(f"{x},{y}" for x, y in points), fill="none", stroke="#566072", stroke_width=1.5)
        (x, y), before = points[-1], points[-2]
        tip = (
            f"{x},{y} {x - 8},{y - 4} {x - 8},{y + 4}" if before[1] == y else f"{x},{y} {x - 4},{y - 8} {x + 4},{y - 8}"
        )
        add("polygon", points=tip, fill="#566072")
        if flow.text:
            add("text", flow.text, x=points[0][0] + 6, y=points[0][1] - 6, fill="#566072", font_size=12)
    for node in diagram.nodes:
        _draw(add, node)
    return _written(root)


def _written(root: Xml.Element) -> bytes:
    written: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _draw(add: Callable[..., None], node: Node) -> None:
    x, y, width, height = node.box
    middle_x, middle_y = node.centre
    look: dict[str, object] = {"fill": "#ffffff", "stroke": "#0b5cad", "stroke_width": 1.5}
    if node.kind == "task":
        add("rect", x=x, y=y, width=width, height=height, rx=6, **look)
    elif node.kind == "gateway":
        corners = f"{middle_x},{y} {x + width},{middle_y} {middle_x},{y + height} {x},{middle_y}"
        add("polygon", points=corners, **look)
    else:
        add(
            "circle",
            cx=middle_x,
            cy=middle_y,
            r=width // 2,
            **(look | {"stroke_width": 3 if node.kind == "end" else 1.5}),
        )
    lines = list(_lines(node.text, 20 if node.kind == "task" else 14))[:4]
    below = height // 2 + 14 if node.kind != "task" else 4 - 8 * (len(lines) - 1)
    for number, line in enumerate(lines):
        add(
            "text",
            line,
            x=middle_x,
            y=middle_y + below + 16 * number,
            text_anchor="middle",
            fill="#1a1f27",
            font_size=12,
        )


def _lines(text: str, characters: int) -> Iterator[str]:
    """A text in lines of about that many characters."""
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > characters:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line
