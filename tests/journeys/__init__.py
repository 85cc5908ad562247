"""Whole stories with the real programs: relay processes, the agent's windows clicked by mouse, the page in Chromium.

`stage.py` brings a session to a named point, `reading.py` reads the agent's windows, `gone.py` says what must be true after a cut.

Bad input, and what proves each line. Paths are below tests/; W marks what is proved through the whole product, here.

| bad input | proved by |
| --- | --- |
| wrong code, three times | W test_wrong_code; relay/test_rooms, relay/test_front; protocol/test_handshake (gives no channel) |
| squatting and sweeping of rooms | relay/test_front (a squatter, sweeping), relay/test_rooms (silent strangers), relay/test_admission |
| expired code | W test_rooms; relay/test_rooms, relay/test_front (by the clock), relay/desk/test_new_codes |
| code with an empty secret | protocol/test_support_code (what cannot be a code) |
| second agent, second viewer | W test_rooms; relay/test_rooms, relay/test_front |
| unknown version | W test_rooms (agent, socket); protocol/test_handshake (by both) |
| every handshake field altered | protocol/test_handshake (each field, each bit), protocol/test_introduction |
| records reordered, repeated, dropped, cut, oversized | protocol/test_channel, test_media; relay/test_front |
| a message outside the grant | protocol/test_consent (the whole table) |
| input while a prompt is open | W test_consent, with a page that sends it all the same; protocol/test_consent (holds) |
| the customer's no | W test_consent |
| kill of agent, relay, desk, page at each stage | W test_kills; client_agent/input/test_x11_guardian, relay/test_front |
| a page that hangs | W test_page_that_hangs |
| full disk at the relay | W test_full_disk; relay/desk/test_operator, relay/test_front |
| screen size changed in mid-session | W test_screen; client_agent/screen/test_x11, test_stream |
| no display | W test_start; client_agent/screen/test_open |
| malformed configuration | W test_start (relay, agent); relay/test_settings; the viewer's in technician_viewer/ |
| HTML and control characters in texts | W test_texts; relay/desk/test_server (every field of the desk's forms) |
"""
