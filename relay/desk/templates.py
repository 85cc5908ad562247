"""The templates of each language. What a page says in the same words every time is written once, and kept.

Texts are looked up when their template is compiled. What the vocabularies make of a word is made once, and so are
the fields of a form in which nothing has been typed, and what stands between `{% once %}` and `{% endonce %}`: nothing can be named there
that differs from page to page.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from gettext import NullTranslations
from itertools import count
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.meta import find_undeclared_variables
from jinja2.parser import Parser
from jinja2.runtime import Macro
from jinja2.visitor import NodeTransformer

from translations import catalogue

VOCABULARIES = {"words": "words.html", "desk": "case_words.html"}
"""Templates of macros that say words; known by these names in all others."""
_KEPT_MAX = 500


@cache
def of(language: str) -> jinja2.Environment:
    """All templates in this language."""
    return _Spoken(
        catalogue(language),
        loader=jinja2.PackageLoader("relay.pages", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


class _Spoken(jinja2.Environment):
    """Templates of one language."""

    def __init__(self, translations: NullTranslations, **options: Any) -> None:
        super().__init__(extensions=["jinja2.ext.i18n", _Once], **options)
        self._compiler = _Compiler(self, translations)
        self.install_gettext_translations(translations, newstyle=True)  # type: ignore[attr-defined]
        for name, template in VOCABULARIES.items():
            self.globals[name] = _Words(self.get_template(template).module)
        self.globals["f"] = _Fields(self.get_template("forms.html").module)

    def _generate(self, source: nodes.Template, *rest: Any, **options: Any) -> str:
        return super()._generate(self._compiler.visit(source), *rest, **options)


class _Compiler(NodeTransformer):
    """Does once, before a template is compiled, what would else be done for every page."""

    def __init__(self, environment: jinja2.Environment, translations: NullTranslations) -> None:
        self._environment, self._translations = environment, translations

    def visit_Call(self, call: nodes.Call) -> nodes.Node:  # noqa: N802 - named after the node
        """A text is put in place of what asks the catalogue for it, just as the extension's own function would give it."""
        self.generic_visit(call)
        match call:
            case nodes.Call(
                node=nodes.Name(name="_"),
                args=[nodes.Const(value=str(text))],
                kwargs=filled_in,
                dyn_args=None,
                dyn_kwargs=None,
            ):
                said, line = self._translations.gettext(text), call.lineno
                if not filled_in:
                    return nodes.MarkSafe(nodes.Const(said % {}), lineno=line)
                values = [nodes.Pair(nodes.Const(each.key), each.value) for each in filled_in]
                return nodes.Mod(nodes.MarkSafe(nodes.Const(said)), nodes.Dict(values), lineno=line)
        return call

    def visit_Include(self, include: nodes.Include) -> nodes.Node:  # noqa: N802 - named after the node
        """A part of a page is compiled into it, rather than given a copy of all that the page knows each time."""
        assert isinstance(include.template, nodes.Const)
        assert self._environment.loader is not None
        source, path, _ = self._environment.loader.get_source(self._environment, include.template.value)
        part = self._environment.parse(source, include.template.value, path)
        self.generic_visit(part)
        return nodes.Scope(part.body, lineno=include.lineno)

    def visit_Block(self, block: nodes.Block) -> nodes.Node:  # noqa: N802 - named after the node
        """A block hands over all that it wrote at once, rather than piece by piece through every template that is extended."""
        self.generic_visit(block)
        name = "_written"
        written = nodes.Output([nodes.Name(name, "load")])
        block.body = [nodes.AssignBlock(nodes.Name(name, "store"), None, block.body), written]
        return block


class _Words:
    """The macros of a vocabulary, which use nothing but the word that they are given."""

    def __init__(self, module: TemplateModule) -> None:
        for name, macro in _macros(module):
            setattr(self, name, lru_cache(maxsize=_KEPT_MAX)(macro))


class _Fields:
    """The macros of forms. What they make of a blank form, which is the same for all, is kept; and nothing that was typed."""

    def __init__(self, module: TemplateModule) -> None:
        for name, macro in _macros(module):
            setattr(self, name, self._kept(macro))

    def _kept(self, macro: Macro) -> Callable[..., str]:
        drawn: dict[tuple[Any, ...], str] = {}

        def draw(*given: Any, **named: Any) -> str:
            if len(given) < 2 or not getattr(given[1], "is_blank", False):
                return macro(*given, **named)
            # The texts to choose from are a dictionary.
            key = (*(tuple(one.items()) if isinstance(one, dict) else one for one in given), *named.items())
            if key not in drawn:
                if len(drawn) >= _KEPT_MAX:
                    drawn.clear()
                drawn[key] = macro(*given, **named)
            return drawn[key]

        return draw


def _macros(module: TemplateModule) -> list[tuple[str, Macro]]:
    return [(name, macro) for name, macro in vars(module).items() if isinstance(macro, Macro)]


class _Once(Extension):
    """`{% once %}…{% endonce %}`."""

    tags = {"once"}  # noqa: RUF012 - as the base class has it

    def __init__(self, environment: jinja2.Environment) -> None:
        super().__init__(environment)
        self._places, self._kept = count(), dict[int, str]()

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endonce",), drop_needle=True)
        alone = nodes.Template(body, lineno=line)
        alone.set_environment(self.environment)
        if differing := find_undeclared_variables(alone) - {"_", "language"}:
            parser.fail(f"{', '.join(sorted(differing))} may differ from page to page", line)
        call = self.call_method("_written", [nodes.Const(next(self._places))])
        return nodes.CallBlock(call, [], [], body).set_lineno(line)

    def _written(self, place: int, caller: Macro) -> str:
        if place not in self._kept:
            self._kept[place] = caller()
        return self._kept[place]
