"""Every sentence the customer reads, built once for windows and terminal, so that what the log holds is what was shown.

Each module is the room of one window: what it says, and what that looks like in data. English texts are the keys of the catalogue
(translations/); texts that others wrote pass through `others_text` first. Each of those is followed by a letter of ours before any number
is, so that a name written from right to left moves nothing but itself.
"""

from client_agent.prompts.words.bar import BarTexts
from client_agent.prompts.words.code import CodeTexts
from client_agent.prompts.words.consent import ConsentTexts
from client_agent.prompts.words.summary import SummaryTexts
from client_agent.prompts.words.terminal import TerminalTexts


class Words(CodeTexts, ConsentTexts, BarTexts, SummaryTexts, TerminalTexts):
    """The texts of all rooms in one language; those of files come with the bar, those of the conversation with the terminal."""
