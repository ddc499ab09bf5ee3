"""No text of a template can reach out, or grow without end."""

from __future__ import annotations

import pytest
from jinja2 import StrictUndefined, Undefined
from jinja2.sandbox import SandboxedEnvironment

from pyscrai.errors import PromptError
from pyscrai.prompts.language import text_problems
from pyscrai.prompts.library import render_text, shipped
from pyscrai.prompts.sandbox import Sandbox
from pyscrai.value_text import value_text


@pytest.mark.parametrize("text", [
    "{{ 'x' * 10**10 }}", "{{ 10**10**10 }}", "{{ '%10000000000d' % 1 }}", "{{ 'x'.ljust(10**10) }}",
    "{{ 'x'.zfill(999999999) }}", "{{ '{:999999999}'.format(1) }}", "{{ 'x' | center(999999999) }}",
    "{{ range(10**9) | list }}", "{{ lipsum(1000) }}", "{{ dict(a=1) }}", "{{ [1] * 999999999 }}", "{{ 'x' * n }}",
    "{{ ''.__class__ }}", "{{ v.__init__.__globals__ }}", "{% include 'common/scene.j2' %}", "{% import 'os' as os %}",
    "{{ self.__dict__ }}", "{{ cycler.__init__ }}", "{{ v | attr('__class__') }}", "{{ missing }}", "{{ v.pop() }}",
    "{{ 'ab' * 3 }}", "{{ 2 ** 10 }}", "{{ name.upper() }}", "{{ v.get('a') }}", "{{ v.items }}{{ v.get }}",
    "{{ 1.0 | round(999999999, 'ceil') }}", "{{ [[1], [2]] | sum(start=[]) }}", "{{ 'x' is callable }}",
    "{% set a = [1] %}{% for i in 'xy' %}{% set a = [a, a] %}{% endfor %}", "{{ 'x' | map('upper') }}",
    "{% autoescape true %}{{ v }}{% endautoescape %}", "{% for x in [1] recursive %}{{ x }}{% endfor %}",
    "{% filter upper %}x{% endfilter %}", "{% macro m() %}{% endmacro %}", "{% set x %}a{% endset %}",
    "{{ 'x' | join(*v) }}", "{% if a %}" * 40 + "{% endif %}" * 40, "{{ 1 " + "+ 1" * 60 + " }}", "{{ 1e400 | int }}",
    "{{ " + "9" * 5_000 + " }}", "{{ v | tojson }}", "{{ name | truncate(1) }}", "{{ (1, (2, 3)) }}"])
def test_refused(text: str) -> None:
    with pytest.raises(PromptError):
        render_text(text, {"v": {"a": 1}, "n": 10**12})


@pytest.mark.parametrize(("text", "rendered"), [
    ("{{ 7 * 6 }} {{ 7 % 4 }} {{ 7 // 2 }} {{ -n + 1 }}", "42 3 3 -999999999999"), ("{{ 2.5 * 4 }}", "10.0"),
    ("{{ 'a' ~ 1 ~ none }}", "a1None"), ("{{ [1, 2] + [3] }}", "[1, 2, 3]"), ("{{ 1 < 2 < 3 }}", "true"),
    ("{% with x = 2 %}{{ x }}{% endwith %}", "2"), ("{{ 'abc'[1:] }}{{ 'abc'[0] }}", "bca"),
    ("{{ {'a': 1}.a }} {{ 'y' if 'a' in v else 'n' }} {{ q | default('-') }}", "1 y -"),
    ("{{ [3, 1, 2] | sort | join('-') }} {{ [0, 1] | select | list }}", "1-2-3 [1]"),
    ("{{ 'name' is string }} {{ 4 is divisibleby 2 }} {{ 2.345 | round(2) }}", "true true 2.35"),
    ("{% for x in 'ab' %}{{ loop.index }}{{ x }}{% if not loop.last %},{% endif %}{% else %}-{% endfor %}", "1a,2b"),
    ("{% for k, x in v.items() %}{{ k }}={{ x }}{% endfor %}", "a=1"),
    ("{{ name | upper | replace('A', 'O') }}", "ONN"),
    ("{{ ['a', 'b'] | join(', ') }}", "a, b"), ("{{ v.a }}", "1")])
def test_allowed(text: str, rendered: str) -> None:
    assert render_text(text, {"v": {"a": 1}, "name": "ann", "n": 10**12}) == rendered


def test_shipped_prompts_are_in_the_language() -> None:
    parser = Sandbox(trim_blocks=True, lstrip_blocks=True)
    assert not {name: found for name, text in shipped().items() if (found := text_problems(parser.parse(text)))}


def test_the_sandbox_renders_as_jinja_does() -> None:
    """Meters change nothing that a text shows; only values are shown as ``value_text`` does."""
    names = {"name": "Ann", "v": {"a": 1, "b": "x"}, "items": ["p", "q"], "n": 3, "empty": ""}
    texts = ["{{ name }}: {{ items | join(', ') }} {{ n / 2 }} {{ n // 2 }} {{ v }} {{ items }}",
             "{% for k, x in v.items() %}{% if loop.first %}<{% endif %}{{ k ~ x }}{% endfor %} {{ items + ['r'] }}",
             "{{ ([empty] + items) | select | join('/') }} {{ name[0] | upper }}{{ name[1:] }} {{ n % 2 == 1 }}",
             "{% set t = n + 1 %}{{ t }} {{ 'q' in items }} {{ n > 2 and name != 'Bob' }} {{ -n | abs }}",
             "{{ name | truncate(3) }} {{ 'a b' | title | wordcount }} {{ [1, 2] | sum }} {{ items | first | upper }}"]
    plain = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
                                finalize=lambda value: value if isinstance(value, Undefined) else value_text(value))
    for text in texts:
        assert render_text(text, names) == plain.from_string(text).render(names)
