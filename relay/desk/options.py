"""Long lists to choose from, drawn once for as long as they stand (storage/standing.py): a ticket's page has hundreds of options."""

from collections.abc import Iterable

from markupsafe import escape


class Options:
    """The options of a `<select>` or `<datalist>`: values, and what is read in their place. A template writes it as it is."""

    def __init__(self, texts: Iterable[tuple[object, str]]) -> None:
        self._drawn = [(value, f'<option value="{escape(value)}">{escape(text)}</option>') for value, text in texts]

    def __len__(self) -> int:
        return len(self._drawn)

    def __html__(self) -> str:
        return "".join(option for _, option in self._drawn)

    def without(self, value: object, *, at_most: int) -> "Options":
        """The first of the others."""
        rest = Options(())
        rest._drawn = [one for one in self._drawn if one[0] != value][:at_most]
        return rest
