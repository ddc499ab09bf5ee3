"""The tables: what is stored and how rows hang together. Queries live in the repositories."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql import text

from pyscrai.audience import Audience
from pyscrai.databases.columns import BigId, Heard, Instant, PlainText, now
from pyscrai.databases.run_settings import RunSettings
from pyscrai.lifecycle import Desired, RunStatus

Json = dict[str, Any]


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can name it too.

    JSON stays text in PostgreSQL: it keeps the order of keys and any character, and is smaller than ``jsonb``. What
    is searched for has a column of its own.
    """

    metadata = MetaData(naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    })
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy's own interface)
        datetime: Instant,
        str: PlainText(),
        Json: JSON(none_as_null=True),
        list[Any]: JSON(none_as_null=True),
        Audience: Heard(),
    }


def table_of(row: type[Base]) -> Table:
    """The table of a class of rows: a statement on it costs a third of one on mapped rows."""
    return Base.metadata.tables[row.__tablename__]


class TemplateRow(Base):
    """What both kinds of template have. ``content`` is the validated template, ``source`` the text it was read from."""

    __abstract__ = True

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    name: Mapped[str]
    version: Mapped[str]
    format: Mapped[int]
    content: Mapped[Json]
    content_hash: Mapped[str]
    source: Mapped[str | None]
    shipped: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class AgentTemplateRow(TemplateRow):
    """A version of an agent template."""

    __tablename__ = "agent_templates"
    __table_args__ = (UniqueConstraint("name", "version"),)


class ScenarioTemplateRow(TemplateRow):
    """A version of a scenario template."""

    __tablename__ = "scenario_templates"
    __table_args__ = (UniqueConstraint("name", "version"),)


CLAIMABLE = ("status IN ('pending', 'running', 'waiting', 'paused', 'failed')"
             " AND desired IN ('run', 'step', 'pause', 'stop', 'cancel')")
"""Runs that may be due; a query says it in the same words, so that the index of these runs serves it."""


class RunRow(Base):
    """A playing of a scenario. What stands under *progress* and *ownership* changes while it plays."""

    __tablename__ = "scenario_runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    scenario_template_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("scenario_templates.id"))
    template_hash: Mapped[str]
    name: Mapped[str]
    status: Mapped[RunStatus] = mapped_column(Text)
    desired: Mapped[Desired] = mapped_column(Text)
    parent_run_id: Mapped[str | None] = mapped_column(ForeignKey("scenario_runs.id"))
    fork_turn: Mapped[int | None]
    seed: Mapped[int] = mapped_column(BigInteger)
    parameters: Mapped[Json] = mapped_column(default=dict)
    settings: Mapped[RunSettings] = mapped_column(JSON(none_as_null=True), default=RunSettings)
    tags: Mapped[list[Any]] = mapped_column(default=list)
    # -- progress
    turn: Mapped[int] = mapped_column(default=0)
    phase: Mapped[str] = mapped_column(default="")
    speakers: Mapped[list[Any]] = mapped_column(default=list)
    variables: Mapped[Json] = mapped_column(default=dict)
    usage: Mapped[Json] = mapped_column(default=dict)
    last_seq: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[Json | None]
    error: Mapped[Json | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=now)
    # -- delivery: whose turn it uses, its place within that share (the least first), what it needs of a worker
    share: Mapped[str] = mapped_column(default="", server_default="")
    rank: Mapped[int] = mapped_column(default=0, server_default="0")
    needs: Mapped[str] = mapped_column(default="", server_default="")
    # -- ownership: who may write to the run, and what waits for it
    owner: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(BigInteger, default=0)
    controls_waiting: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        Index(None, "status", "id"),
        Index(None, "scenario_template_id", "id"),
        Index("ix_scenario_runs_claimable", "needs", "share", "rank", "id",
              sqlite_where=text(CLAIMABLE), postgresql_where=text(CLAIMABLE)),
        Index("ix_scenario_runs_owner", "owner", sqlite_where=text("owner IS NOT NULL"),
              postgresql_where=text("owner IS NOT NULL")),
        Index("ix_scenario_runs_parent_run_id", "parent_run_id", sqlite_where=text("parent_run_id IS NOT NULL"),
              postgresql_where=text("parent_run_id IS NOT NULL")),
    )


class RunTagRow(Base):
    """Finds runs by tag; the run's own ``tags`` are what is shown."""

    __tablename__ = "run_tags"
    __table_args__ = ({"sqlite_with_rowid": False},)

    tag: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"), primary_key=True)


class AgentInstanceRow(Base):
    """Who plays a role of a run: its agent template and the whole configuration in effect."""

    __tablename__ = "agent_instances"

    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    agent_template_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("agent_templates.id"))
    agent_hash: Mapped[str]
    engine: Mapped[str]
    name: Mapped[str]
    configuration: Mapped[Json]
    played_by: Mapped[str] = mapped_column(default="model")


class EventRow(Base):
    """What happened. ``id`` grows over all runs, ``seq`` counts within one; both are given when it is written."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("run_id", "seq"),
        UniqueConstraint("run_id", "key"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"))
    seq: Mapped[int]
    key: Mapped[str]
    kind: Mapped[str]
    turn: Mapped[int]
    phase: Mapped[str]
    source: Mapped[str | None]
    audience: Mapped[Audience]
    payload: Mapped[Json]
    created_at: Mapped[datetime]


class TextRow(Base):
    """A text that model calls are made of, stored once. ``hash`` is the 16-byte BLAKE2b of its UTF-8."""

    __tablename__ = "llm_messages"
    __table_args__ = (UniqueConstraint("hash"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(16))
    content: Mapped[str]


class CallRow(Base):
    """A model call. ``messages``, ``parameters`` and ``prompts`` point into ``llm_messages``.

    ``messages`` is a list of ``[role, step, step, ...]``: a step is the id of a part less that of the part before it,
    of the message before too, and ``[step, times]`` stands for many alike, which keeps a request with many lines small.
    """

    __tablename__ = "llm_calls"
    __table_args__ = (UniqueConstraint("run_id", "turn", "role", "task", "ordinal"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"))
    turn: Mapped[int]
    role: Mapped[str]
    task: Mapped[str]
    ordinal: Mapped[int]
    purpose: Mapped[str]
    alias: Mapped[str]
    model: Mapped[str | None]
    parameters: Mapped[int] = mapped_column(BigInteger)
    seed: Mapped[int | None] = mapped_column(BigInteger)
    messages: Mapped[list[Any]]
    prompts: Mapped[int] = mapped_column(BigInteger)
    reply: Mapped[str | None]
    finish_reason: Mapped[str | None]
    raw: Mapped[Json | None]
    """The endpoint's own answer in what earlier versions recorded; ``raw_packed`` has it since."""
    prompt_tokens: Mapped[int | None]
    cached_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    cost_usd: Mapped[float | None]
    latency_ms: Mapped[float | None]
    attempts: Mapped[list[Any] | None]
    error: Mapped[Json | None]
    created_at: Mapped[datetime]
    question: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    """Digest of purpose and request; null in what earlier versions recorded."""
    raw_packed: Mapped[bytes | None]
    """The endpoint's own answer, packed over the reply that it repeats: ``packed_answers`` reads it."""
    system_fingerprint: Mapped[str | None]
    """The fingerprint of the model that the answer names, to count by."""


class MeasurementRow(Base):
    """A score or category; its event has the same ``seq``."""

    __tablename__ = "measurements"
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    turn: Mapped[int]
    source: Mapped[str | None]
    measure: Mapped[str]
    of: Mapped[str | None]
    number: Mapped[float | None]
    category: Mapped[str | None]
    rationale: Mapped[str]
    evidence: Mapped[list[Any]]


class RunMetricsRow(Base):
    """What a run took, for each role and, under the role ``""``, in all."""

    __tablename__ = "run_metrics"

    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    turns: Mapped[int]
    words: Mapped[int]
    calls: Mapped[int]
    retries: Mapped[int]
    errors: Mapped[int]
    prompt_tokens: Mapped[int] = mapped_column(BigInteger)
    cached_tokens: Mapped[int] = mapped_column(BigInteger)
    completion_tokens: Mapped[int] = mapped_column(BigInteger)
    cost_usd: Mapped[float | None]
    latency_p50_ms: Mapped[float | None]
    latency_p95_ms: Mapped[float | None]
    latency_max_ms: Mapped[float | None]


class RunSealRow(Base):
    """Digests over the rows of a run that has ended: a row that was changed afterwards is told by them.

    ``last_seq`` and ``last_call`` say up to which event and which call they reach.
    """

    __tablename__ = "run_seals"

    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"), primary_key=True)
    last_seq: Mapped[int]
    last_call: Mapped[int] = mapped_column(BigInteger)
    digests: Mapped[Json]
    created_at: Mapped[datetime] = mapped_column(default=now)


class ControlRow(Base):
    """What a person put into a run; ``turn`` is given when a turn takes it."""

    __tablename__ = "controls"
    __table_args__ = (Index(None, "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"))
    kind: Mapped[str]
    payload: Mapped[Json]
    actor: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    turn: Mapped[int | None]
    applied_at: Mapped[datetime | None]


class AnnotationRow(Base):
    """A person's note on an event of a run, made while it plays or afterwards; it is no part of the play."""

    __tablename__ = "annotations"
    __table_args__ = (Index(None, "run_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"))
    key: Mapped[str]
    """The event's key in the run."""
    author: Mapped[str]
    text: Mapped[str]
    tags: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class IdempotencyRow(Base):
    """The answer that was given to a request, so that the same request gets it again."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[str]
    status: Mapped[int]
    response: Mapped[Json]
    run_id: Mapped[str | None] = mapped_column(ForeignKey("scenario_runs.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class ApiKeyRow(Base):
    """Who may use the API. The key itself is not stored, only its SHA-256."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("name"), UniqueConstraint("hash"))

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    name: Mapped[str]
    hash: Mapped[str]
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
