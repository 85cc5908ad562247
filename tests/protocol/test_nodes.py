"""protocol/nodes.py: where ends look for each other, and that they meet wherever both can be."""

from hypothesis import given
from hypothesis.strategies import integers, sampled_from

from protocol.limits import NODE_STAY_S
from protocol.nodes import Nodes

A, B, C = "https://a.example", "https://b.example", "https://c.example"
TICK_S = 0.5


def test_an_end_begins_where_it_was_and_goes_on_in_the_documents_order() -> None:
    nodes, seen = Nodes(B, (A, B, C)), []
    for _ in range(4):
        seen.append(nodes.here)
        nodes.go_on()
    assert seen == [B, A, C, B]


def test_after_a_meeting_the_next_cut_begins_where_they_met() -> None:
    nodes = Nodes(A, (A, B, C))
    nodes.go_on()
    nodes.go_on()
    nodes.met()
    assert nodes.here == C
    nodes.go_on()
    assert nodes.here == A


def test_whoever_came_by_an_address_that_the_document_does_not_list_has_no_other() -> None:
    nodes = Nodes("https://tunnel.example", (A, B))
    nodes.go_on()
    assert (nodes.here, nodes.count) == ("https://tunnel.example", 1)


def test_where_there_is_one_node_nobody_leaves_it_however_long_they_are_alone() -> None:
    nodes = Nodes(A, (A,))
    assert not any(nodes.is_time_to_go_on(float(now)) for now in range(300))


def test_a_viewer_goes_on_soon_and_the_agent_once_a_viewer_could_have_been_everywhere() -> None:
    viewer, agent = Nodes(A, (A, B)), Nodes(A, (A, B), is_agent=True)
    assert not viewer.is_time_to_go_on(10)
    assert not agent.is_time_to_go_on(10)
    assert viewer.is_time_to_go_on(10 + NODE_STAY_S)
    assert not agent.is_time_to_go_on(10 + 3.9 * NODE_STAY_S)
    assert agent.is_time_to_go_on(10 + 4 * NODE_STAY_S)
    viewer.cut()
    assert not viewer.is_time_to_go_on(12)


@given(
    sampled_from([A, B, C]),
    sampled_from([A, B, C]),
    sampled_from([{A, B, C}, {A, B}, {A}]),
    sampled_from([{A, C}, {A, B, C}]),
    integers(0, 9),
)
def test_two_ends_meet_at_a_node_that_both_can_reach(
    viewers: str, agents: str, viewer_reaches: set[str], agent_reaches: set[str], later: int
) -> None:
    viewer, agent = Nodes(viewers, (A, B, C)), Nodes(agents, (A, B, C), is_agent=True)
    for tick in range(200):
        for nodes, reaches, is_there in ((viewer, viewer_reaches, True), (agent, agent_reaches, tick >= later)):
            while nodes.here not in reaches:
                nodes.go_on()
            if is_there and nodes.is_time_to_go_on(tick * TICK_S):
                nodes.go_on()
                while nodes.here not in reaches:
                    nodes.go_on()
        if tick >= later and viewer.here == agent.here:
            return
    raise AssertionError("they never met")
