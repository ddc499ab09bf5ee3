"""TinyTroupe agents: ``{"type": "TinyPerson", "persona": {...}}``."""

from __future__ import annotations

from typing import Any

from pyscrai.templates.importing.foreign_fields import Source, row, sentence, slug, words
from pyscrai.templates.models.agent import AgentTemplate, Personality


def is_tinytroupe(data: dict[str, Any]) -> bool:
    """Whether data is a TinyTroupe agent, as authored or as saved by a simulation."""
    return data.get("type") == "TinyPerson" or data.get("json_serializable_class_name") == "TinyPerson" or any(
        isinstance(data.get(name), dict) for name in ("persona", "_persona", "_configuration"))


def from_tinytroupe(data: dict[str, Any], notes: list[str]) -> AgentTemplate:
    """An Actor with the person's traits, goals, style and past."""
    outer = Source(data, "", notes)
    outer.ignore("type", "json_serializable_class_name")
    place = next((name for name in ("persona", "_persona", "_configuration") if name in outer), "persona")
    persona = outer.open(place)
    name = persona.text("name", limit=200) or outer.text("name", limit=200)
    outer.ignore("name")
    for field in ("episodic_memory", "semantic_memory", "_mental_state", "_mental_faculties", "_accessible_agents",
                  "mental_faculties"):
        outer.leave(field, "a saved state has no place in a template; a run begins afresh")
    role, backstory = _work(persona)
    backstory += _past(persona)
    personality = persona.open("personality")
    traits = personality.texts("traits") + personality.texts("big_five")
    backstory += personality.told()
    personality.rest()
    traits += persona.texts("personality_traits") + persona.texts("traits")
    behaviors = persona.open("behaviors")
    traits += behaviors.texts("general")
    backstory += [f"Routine, {text}" for text in behaviors.texts("routines")]
    backstory += behaviors.told()
    behaviors.rest()
    goals = persona.texts("long_term_goals", "goals")
    style = persona.text("style")
    backstory += persona.told()
    persona.rest()
    outer.rest()
    return AgentTemplate(
        name=slug(name), title=name, engine="actor", tags=("imported", "tinytroupe"),
        personality=Personality(role=role, backstory="\n".join(map(sentence, backstory))[:20_000], goals=tuple(goals),
                                traits=tuple(traits), style=style))


def _work(persona: Source) -> tuple[str, list[str]]:
    """The person's position, in a phrase, and its work."""
    title, lines = "", []
    if isinstance(persona.data.get("occupation"), dict):
        occupation = persona.open("occupation")
        title, organization = occupation.text("title", limit=200), occupation.text("organization", limit=200)
        lines += [line for line in [occupation.text("description")] if line]
        if title and organization and organization.lower() not in ("n/a", "none"):
            title = f"{title} at {organization}"
        lines += [f"Occupation, {line[0].lower()}{line[1:]}" for line in occupation.told()]
        occupation.rest()
    else:
        title = persona.text("occupation", limit=200)
        lines += [line for line in [persona.text("occupation_description")] if line]
    age = persona.text("age", limit=20)
    gender, nationality, residence = (persona.text(name, limit=100) for name in ("gender", "nationality", "residence"))
    phrase = title or "a person"
    details = [f"{age} years old" if age else "", gender, nationality, f"lives in {residence}" if residence else ""]
    known = ", ".join(detail for detail in details if detail)
    return (f"{phrase} ({known})" if known else phrase), lines


def _past(persona: Source) -> list[str]:
    lines: list[str] = []
    told = {field: persona.text(field) for field in ("education", "health", "country_of_residence")}
    lines += [f"{words(field).capitalize()}: {text}" for field, text in told.items() if text]
    preferences = persona.open("preferences")
    liked = {field: preferences.texts(field) for field in ("interests", "likes", "dislikes")}
    lines += [f"{field.capitalize()}: {row(texts)}" for field, texts in liked.items() if texts]
    lines += [f"Preferences, {line[0].lower()}{line[1:]}" for line in preferences.told()]
    preferences.rest()
    for fields, label in ((("beliefs",), "Beliefs"), (("skills",), "Skills"),
                          (("professional_interests",), "Professional interests"),
                          (("personal_interests",), "Personal interests"), (("relationships",), "Relationships"),
                          (("other_facts",), "")):
        if texts := persona.texts(*fields):
            lines.append(f"{label}: {row(texts)}" if label else "\n".join(map(sentence, texts)))
    return lines
