"""A moderator's choice of the next speaker: constrained by schema, repaired once, then round robin with a warning."""

from __future__ import annotations

from pyscrai.engines.agents.engine import Ask, Engine, Performance
from pyscrai.engines.calls.json_reply import LONGEST
from pyscrai.engines.orchestration.plan import PhasePlan
from pyscrai.engines.orchestration.turn_order import eligible, in_turn
from pyscrai.engines.ports.model import ModelReply
from pyscrai.engines.view import View
from pyscrai.errors import ReplyError
from pyscrai.events import FlowWarning


def last_speaker(phase: PhasePlan, view: View) -> str | None:
    """The speaker of the phase who was last heard."""
    return next((line["speaker"] for line in reversed(view.lines) if line["speaker"] in phase.speakers), None)


def choices_of_next(phase: PhasePlan, view: View) -> tuple[str, ...]:
    """The roles that a moderator, model or person, may pick."""
    return eligible(view.speakers, last_speaker(phase, view))


async def moderate(engine: Engine, view: View, ask: Ask) -> Performance:
    """Pick who speaks next among the eligible; the pick stands in ``Performance.state["chosen"]``."""
    phase = engine.plan.phases[view.phase]
    last, choices = last_speaker(phase, view), choices_of_next(phase, view)
    names = {role: engine.plan.cast[role].name for role in choices}
    schema = {"type": "object", "additionalProperties": False, "required": ["next"],
              "properties": {"next": {"enum": list(choices)}, "reason": {"type": "string", LONGEST: 100}}}
    messages, prompts = engine.messages("moderate", view, choices=names)

    def read(reply: ModelReply) -> tuple[str, str]:
        value = engine.reader(schema)(reply)
        return value["next"], value.get("reason", "")

    performance = Performance()
    try:
        chosen, reason = await ask(engine.request(messages, schema=schema), purpose="moderation",
                                   read=read, prompts=prompts, optional=True)
    except ReplyError as error:
        chosen, reason = in_turn(view.speakers, last), "round robin"
        performance.add(FlowWarning, source=engine.role,
                        message=f"{engine.role} made no valid choice of the next speaker ({error.message}); "
                                f"{chosen} speaks by round robin")
    performance.state["chosen"] = (chosen, reason)
    return performance
