"""The play that every contestant performs: two actors and a narrator, in turn, about 60 words a line."""

from __future__ import annotations

from typing import Any

PREMISE = (
    "A mountain village, the night before the only road is closed by snow. In the council hall a letter has been found "
    "that names who sold the winter stores. Ines, who keeps the stores, and Bruno, who drives the mail, must agree "
    "what to tell the village at dawn."
)

MANNER = (
    "Stay in character and speak in two to four plain sentences. Answer what was said last and move the matter on. "
    "Never speak for anyone else, never mention that this is a simulation, keep to what has been established, and "
    "bring in one new fact at most."
)

CAST: dict[str, dict[str, str]] = {
    "ines": {
        "name": "Ines",
        "engine": "actor",
        "role": "keeper of the village stores: exact, proud, and short of sleep",
        "backstory": "You counted the sacks twice and told nobody that forty were missing. You want time to find them.",
    },
    "bruno": {
        "name": "Bruno",
        "engine": "actor",
        "role": "driver of the mail: easy-going, well informed, and afraid of the council",
        "backstory": "You carried the letter without reading it. You want to be believed before the road closes.",
    },
    "narrator": {
        "name": "Narrator",
        "engine": "narrator",
        "role": "the narrator, who describes weather, sounds, arrivals and the consequences of what is done",
        "backstory": "You keep the time and raise the stakes; you never decide for the two.",
    },
}

SPEAKERS = tuple(CAST)
MOST_TURNS = 100_000


def persona(role: str) -> str:
    """What a role is told about itself by a contestant without prompts of its own."""
    member = CAST[role]
    return f"You are {member['name']}, {member['role']}. {member['backstory']} {MANNER}"


def template(*, whole_history: bool) -> dict[str, Any]:
    """The play as a PyScrAI scenario template; the run's own bound ends it.

    Args:
        whole_history: every line stands in every prompt; else the default window.
    """
    memory = {"memory": {"window": None}} if whole_history else {}
    return {
        "kind": "scenario",
        "format": 1,
        "name": "benchmark-whole" if whole_history else "benchmark-window",
        "version": "1.0.0",
        "premise": PREMISE,
        "max_turns": MOST_TURNS,
        "roles": {
            role: {
                "name": member["name"],
                "agent": {
                    "engine": member["engine"],
                    "model": "bench",
                    "personality": {
                        "role": member["role"],
                        "backstory": member["backstory"],
                        "constraints": [MANNER],
                    },
                    **memory,
                },
            }
            for role, member in CAST.items()
        },
        "flow": {
            "start": "night",
            "phases": {
                "night": {
                    "speakers": list(SPEAKERS),
                    "order": "round_robin",
                    "next": [{"to": "end", "after_turns": MOST_TURNS}],
                }
            },
        },
    }
