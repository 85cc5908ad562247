"""Every size, count and time-out that both ends hold each other to, with its unit (PROTOCOL.md, section 10)."""

PROTOCOL_VERSION = 1

# The relay's envelope (section 2).
ENVELOPE_BYTES_MAX = 256 * 1024
RELAY_MESSAGE_BYTES_MAX = 64 * 1024
PEERS_PER_ROOM_MAX = 64

# Support code (section 3).
ROOM_DIGITS = 5
SECRET_DIGITS = 7
SECRET_WORDS = 2
WORD_LETTERS = 4
CODE_VALID_S = 600
ATTEMPTS_PER_CODE = 3

# Handshake (section 4).
HANDSHAKE_MESSAGE_BYTES_MAX = 4096
HANDSHAKE_TIMEOUT_S = 10
CERTIFICATE_VALID_S_MAX = 8 * 3600
DOCUMENT_VALID_S_MAX = 90 * 24 * 3600
CLOCK_SKEW_S_MAX = 120

# Control channel (section 5).
CONTROL_MESSAGE_BYTES_MAX = 48 * 1024
CONTROL_PADDING_BYTES = 64
RESEND_BUFFER_BYTES_MAX = 1024 * 1024
TEXT_TYPED_CHARACTERS_MAX = 4096

# Files (section 16). A file is checked as a whole before it is anybody's: the page holds it in memory until then.
FILE_BYTES_MAX = 64 * 1024 * 1024
FILE_NAME_CHARACTERS_MAX = 255
FILES_MAX = 1000
# What is on its way and not acknowledged; on a narrow path far less, so that what is typed next to it is not late.
FILE_IN_FLIGHT_BYTES_MAX = 128 * 1024
FILE_PART_BYTES_MAX = 16 * 1024
FILE_PART_BYTES_MIN = 1024
# Clipboard (section 5.5). Several pages of text, and little enough to go between two keys on a narrow path: whoever has more sends a file.
CLIPBOARD_BYTES_MAX = 64 * 1024
# A piece takes at most 32 KiB as UTF-8, and fits into a message whatever it holds; a text of single bytes needs the most pieces.
CLIPBOARD_PIECE_CHARACTERS_MAX = 8192
CLIPBOARD_PIECES_MAX = 8
# Each leaves an entry of the log and what lies beside it, like a note.
CLIPBOARD_MOVES_MAX = 1000

# Media records (section 7).
MEDIA_PLAIN_BYTES_MAX = 64 * 1024
MEDIA_PLAIN_BYTES_TARGET = 32 * 1024
EPOCHS_AHEAD_MAX = 64
SCREENS_MAX = 16
SCREEN_SIDE_PX_MAX = 16_384
POINTER_SIDE_PX_MAX = 256
PICTURES_IN_FLIGHT_MIN = 2
RECTANGLE_PIXELS_MAX = 2**20
ZSTD_WINDOW_BYTES_MAX = 2**23
VIDEO_STREAMS_MAX = 4
VIDEO_PIXELS_MAX = 2**23
VIDEO_UNIT_BYTES_MAX = 4 * 1024 * 1024
MEASURED_MS_MAX = 60_000

# Consent (section 6).
PROMPT_S = 120
PROMPT_EXTENSION_S = 120
PROMPT_S_MAX = 600
GRANT_S_MAX = 4 * 3600
ENTRY_STORED_TIMEOUT_S = 5
BUTTONS_REACT_AFTER_S = 1

# Liveness (section 8).
PROOF_OF_LIFE_S = 0.5
AT_REST_AFTER_S = 5
# The viewer's is twice the agent's, so that it can answer every second one: a page that nobody looks at is woken by what it hears alone.
AGENT_AT_REST_S = 1.2
VIEWER_AT_REST_S = 2.4
PICTURE_LIVE_S = 2
PEER_GONE_S = 5
VIEW_GRACE_S = 300
CONTROL_GRACE_S = 60
RESUME_SECRETS_MAX = 2
# How long a viewer waits for the agent at one of several nodes (section 2.5).
NODE_STAY_S = 1.5

# Session log (section 9).
ENTRY_BYTES_MAX = 16 * 1024
ENTRIES_MAX = 100_000
HEAD_EVERY_S = 30
PATH_TOLD_S = 10

# The log of all sessions (section 13).
LEAF_BYTES_MAX = 2048
LOG_SIZE_MAX = 2**40
WITNESS_TIMEOUT_S = 3
# Recording (section 14).
SEGMENT_BYTES_MAX = 1024 * 1024
SEGMENT_S_MAX = 10
SEGMENT_PART_BYTES_MAX = 32 * 1024
RECORDED_WITHIN_S = 2
BESIDE_BYTES_MAX = 16 * 1024
AUDITORS_MAX = 64
NOTES_MAX = 1000
CONTENT_PADDING_BYTES = 256

# Chat (section 5.4).
CHAT_CHARACTERS_MAX = 1000
CHAT_LINES_MAX = 500
"""Of the customer, and as many of all others together, in one session."""

# Texts people write (section 1.3).
LINE_CHARACTERS_MAX = 200
TEXT_CHARACTERS_MAX = 2000
