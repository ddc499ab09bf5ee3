"""No text of a template can reach out, or grow without end."""

from __future__ import annotations

import pytest

from pyscrai.errors import PromptError
from pyscrai.prompts.library import render_text


@pytest.mark.parametrize("text", [
    "{{ 'x' * 10**10 }}", "{{ 10**10**10 }}", "{{ '%10000000000d' % 1 }}", "{{ 'x'.ljust(10**10) }}",
    "{{ 'x'.zfill(999999999) }}", "{{ '{:999999999}'.format(1) }}", "{{ 'x' | center(999999999) }}",
    "{{ range(10**9) | list }}", "{{ lipsum(1000) }}", "{{ dict(a=1) }}", "{{ [1] * 999999999 }}", "{{ 'x' * n }}",
    "{{ ''.__class__ }}", "{{ v.__init__.__globals__ }}", "{% include 'common/scene.j2' %}", "{% import 'os' as os %}",
    "{{ self.__dict__ }}", "{{ cycler.__init__ }}", "{{ v | attr('__class__') }}", "{{ missing }}", "{{ v.pop() }}"])
def test_refused(text: str) -> None:
    with pytest.raises(PromptError):
        render_text(text, {"v": {"a": 1}, "n": 10**12})


@pytest.mark.parametrize(("text", "rendered"), [
    ("{{ 7 * 6 }} {{ 2 ** 10 }} {{ 7 % 4 }}", "42 1024 3"), ("{{ 'ab' * 3 }}", "ababab"), ("{{ 2.5 * 4 }}", "10.0"),
    ("{% for k, x in v.items() %}{{ k }}={{ x }}{% endfor %}", "a=1"),
    ("{{ name.upper() | replace('A', 'O') }}", "ONN"),
    ("{{ ['a', 'b'] | join(', ') }}", "a, b"), ("{{ v.get('a') }}", "1")])
def test_allowed(text: str, rendered: str) -> None:
    assert render_text(text, {"v": {"a": 1}, "name": "ann"}) == rendered
