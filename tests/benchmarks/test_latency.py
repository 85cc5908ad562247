from benchmarks import latency


async def test_every_kind_is_measured_through_the_real_programs_and_nothing_is_seen_before_it_happened() -> None:
    section = await latency.measure(repetitions=2)
    assert [(len(row.samples_ms), row.missed) for row in section.rows] == [(2, 0)] * 5
    assert all(sample > 0 for row in section.rows for sample in row.samples_ms)
