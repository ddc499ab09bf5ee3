"""Dice that roll the same in every replay of a run."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from pyscrai.engines.tools.tool import ToolAnswer, ToolScene, arguments_schema


class Dice:
    """Rolls dice by the run's seed, the turn, the role and the use: another seed rolls otherwise, a replay does not."""

    name = "dice"
    again = True
    description = "roll dice; with open, everyone in the scene sees the roll"

    def schema(self, scene: ToolScene) -> dict[str, Any] | None:
        return arguments_schema({"count": {"type": "integer", "minimum": 1, "maximum": 20},
                                 "sides": {"type": "integer", "minimum": 2, "maximum": 1000},
                                 "open": {"type": "boolean"}})

    async def use(self, arguments: Mapping[str, Any], scene: ToolScene) -> ToolAnswer:
        count, sides = arguments["count"], arguments["sides"]
        chance = random.Random(f"{scene.plan.seed}:{scene.view.turn}:{scene.role}:{scene.use}")
        rolls = [chance.randint(1, sides) for _ in range(count)]
        phase = scene.plan.phases.get(scene.view.phase)
        heard = phase.spec.audience if phase and arguments["open"] else ()
        shown = f"{' + '.join(map(str, rolls))} = {sum(rolls)}" if count > 1 else str(rolls[0])
        return ToolAnswer({"rolls": rolls, "total": sum(rolls)}, f"{count}d{sides}: {shown}", audience=heard)
