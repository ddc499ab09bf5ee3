"""The tables of experiments: what is planned and played, how transcripts were judged, what was changed afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pyscrai.databases.columns import BigId, now
from pyscrai.databases.tables import Base, Json


class ExperimentRow(Base):
    """An experiment: what is compared, how far it is, and what was found. ``pilot`` ones play a few pasts to plan."""

    __tablename__ = "experiments"
    __table_args__ = (UniqueConstraint("name", "version", "pilot"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[str]
    pilot: Mapped[bool] = mapped_column(default=False)
    content: Mapped[Json]
    content_hash: Mapped[str]
    source: Mapped[str | None]
    scenario_template_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("scenario_templates.id"))
    status: Mapped[str] = mapped_column(default="planned")
    desired: Mapped[str] = mapped_column(default="none")
    reason: Mapped[str] = mapped_column(default="")
    """Why it stands, or why no more is played."""
    freeze_hash: Mapped[str | None]
    frozen: Mapped[Json | None]
    frozen_at: Mapped[datetime | None]
    seconds: Mapped[float] = mapped_column(default=0.0)
    results: Mapped[Json | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=now)
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]


class ExperimentPastRow(Base):
    """A past of an experiment: a seed and a block, and the run in which it was played where arms are forked from it."""

    __tablename__ = "experiment_pasts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    experiment_id: Mapped[str] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"), primary_key=True)
    past: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seed: Mapped[int] = mapped_column(BigInteger)
    block: Mapped[Json]
    state: Mapped[str] = mapped_column(default="planned")
    run_id: Mapped[str | None] = mapped_column(ForeignKey("scenario_runs.id", ondelete="SET NULL"), index=True)
    turn: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[Json | None]
    reason: Mapped[str] = mapped_column(default="")
    cost_usd: Mapped[float | None]
    """What its run took, as kept with the run's figures."""
    tokens: Mapped[int | None] = mapped_column(BigInteger)


class ExperimentCellRow(Base):
    """A run of an experiment, planned or played: a repeat of an arm in a past."""

    __tablename__ = "experiment_cells"
    __table_args__ = (Index(None, "experiment_id", "arm", "state", "cost_usd", "tokens"), {"sqlite_with_rowid": False})

    experiment_id: Mapped[str] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"), primary_key=True)
    past: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    arm: Mapped[str] = mapped_column(primary_key=True)
    repeat: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(default="planned")
    run_id: Mapped[str | None] = mapped_column(ForeignKey("scenario_runs.id", ondelete="SET NULL"), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[Json | None]
    reason: Mapped[str] = mapped_column(default="")
    cost_usd: Mapped[float | None]
    """What its run took, as kept with the run's figures."""
    tokens: Mapped[int | None] = mapped_column(BigInteger)


class JudgementRow(Base):
    """A score that a judge, a model or a person, gave a finished transcript. ``of`` is empty for the whole play."""

    __tablename__ = "judgements"
    __table_args__ = ({"sqlite_with_rowid": False},)

    experiment_id: Mapped[str] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"), primary_key=True)
    measure: Mapped[str] = mapped_column(primary_key=True)
    of: Mapped[str] = mapped_column(primary_key=True)
    judge: Mapped[str] = mapped_column(primary_key=True)
    """A model alias, or ``human:NAME``."""
    pass_: Mapped[int] = mapped_column("pass", primary_key=True, autoincrement=False)
    shown_order: Mapped[int | None]
    number: Mapped[float | None]
    category: Mapped[str | None]
    rationale: Mapped[str] = mapped_column(default="")
    evidence: Mapped[list[Any]] = mapped_column(default=list)
    model: Mapped[str | None]
    fingerprint: Mapped[str | None]
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    cost_usd: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class DeviationRow(Base):
    """A change to an experiment after it was frozen: what was changed, and by whom."""

    __tablename__ = "experiment_deviations"
    __table_args__ = (Index(None, "experiment_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    experiment_id: Mapped[str] = mapped_column(ForeignKey("experiments.id", ondelete="CASCADE"))
    happened_at: Mapped[datetime] = mapped_column(default=now)
    what: Mapped[str]
    by: Mapped[str]
