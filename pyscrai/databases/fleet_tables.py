"""The tables of a fleet: its workers, the shares among which they are divided, and the limits of models for all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from pyscrai.databases.tables import Base


class WorkerRow(Base):
    """A process that plays or controls runs. One whose ``until`` has passed is gone."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """``worker`` or ``serve``."""
    version: Mapped[str]
    capacity: Mapped[int]
    playing: Mapped[int]
    aliases: Mapped[list[Any]]
    labels: Mapped[list[Any]]
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    until: Mapped[datetime]


class ShareRow(Base):
    """How a share of the runs is treated, where it is not like every other."""

    __tablename__ = "run_shares"

    share: Mapped[str] = mapped_column(primary_key=True)
    weight: Mapped[float] = mapped_column(default=1.0)
    priority: Mapped[int] = mapped_column(default=0)
    held: Mapped[bool] = mapped_column(default=False)
    """Whether none of its runs is to be begun or taken over."""
    budget_usd: Mapped[float | None]
    """What its calls may cost in all; None is no bound."""


class ShareSpendingRow(Base):
    """A part of what the calls of a share have cost: each connection that writes adds to a row of its own."""

    __tablename__ = "share_spending"

    share: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    cost_usd: Mapped[float]


class ModelLimitRow(Base):
    """What part of an alias's own limits holds now: it falls when the endpoint says that it is too much."""

    __tablename__ = "model_limits"

    alias: Mapped[str] = mapped_column(primary_key=True)
    factor: Mapped[float]
    changed_at: Mapped[datetime]


class ModelSlotsRow(Base):
    """How many calls at once a process may make to a model, how many it would, and until when this holds."""

    __tablename__ = "model_slots"

    alias: Mapped[str] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(primary_key=True)
    slots: Mapped[int]
    wanted: Mapped[int]
    until: Mapped[datetime]
