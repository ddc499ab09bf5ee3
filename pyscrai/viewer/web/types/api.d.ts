// The API's types, written by .ci/api_types.py from the OpenAPI document.

export interface AcceptedControl {
  run_id: string;
  action: string;
  actor: string;
  status: "pending" | "running" | "waiting" | "paused" | "completed" | "failed" | "stopped";
  desired: "none" | "run" | "step" | "wait" | "wait_step" | "pause" | "stop" | "cancel";
  control_id?: number | null;
}

export interface Annotation {
  id: number;
  key: string;
  author: string;
  text: string;
  tags: string[];
  created_at: string;
}

export interface CallItem {
  id: number;
  run_id: string;
  turn: number;
  role: string;
  task: string;
  ordinal: number;
  purpose: string;
  alias: string;
  model: string | null;
  reply: string | null;
  prompt_tokens: number | null;
  cached_tokens: number | null;
  completion_tokens: number | null;
  cost_usd: number | null;
  latency_ms: number | null;
  error: Record<string, any> | null;
  messages?: Record<string, string>[] | null;
  [name: string]: any;
}

export interface CastMember {
  role: string;
  name: string;
  engine: string;
  agent: string;
  model: string;
  played_by: string;
}

export interface CellItem {
  past: number;
  arm: string;
  repeat: number;
  state: "planned" | "playing" | "ended" | "failed" | "excluded";
  run_id: string | null;
  run_status: string | null;
  turn: number | null;
  attempts: number;
  reason: string;
  error: Record<string, any> | null;
}

export interface CheckedExperiment {
  valid: boolean;
  problems: Record<string, any>[];
}

export interface DraftEvent {
  seq: number;
  key: string;
  kind: string;
  turn: number;
  phase: string;
  source: string | null;
  audience: "all" | string[];
  payload: Record<string, any>;
}

export interface DraftPicture {
  template: string;
  roles: Record<string, string>;
  phases: GraphPhase[];
  ways: GraphWay[];
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export interface DraftPlay {
  status: string;
  outcome: Record<string, any> | null;
  events: DraftEvent[];
}

export interface EditedContent {
  text?: string | null;
  to?: string | string[] | null;
  actions?: Record<string, any> | null;
  changes?: (Record<string, boolean | number | string>)[] | null;
  scene_over?: boolean | null;
  next?: string | null;
  arguments?: Record<string, any> | null;
}

export interface EventItem {
  id: number;
  run_id: string;
  seq: number;
  key: string;
  kind: string;
  turn: number;
  phase: string;
  source: string | null;
  audience: "all" | string[];
  payload: Record<string, any>;
  created_at: string;
}

export interface ExperimentContent {
  experiment_id: string;
  content: Record<string, any>;
  source: string | null;
  frozen: Record<string, any> | null;
  arms: Record<string, any>[];
  contrasts: string[];
  measures: Record<string, any>[];
}

export interface ExperimentDetail {
  experiment_id: string;
  name: string;
  version: string;
  title: string;
  question: string;
  scenario: string;
  pilot: boolean;
  status: "planned" | "running" | "paused" | "completed" | "cancelled";
  desired: string;
  reason: string;
  live: boolean;
  freeze_hash: string | null;
  content_hash: string;
  seconds: number;
  created_at: string | null;
  frozen_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  updated_at: string | null;
  cells: Record<string, number>;
  arms: Record<string, Record<string, number>>;
  pasts: Record<string, number>;
  planned: number;
  usd: number;
  tokens: number;
  budget_usd: number | null;
  judgements: Record<string, number>;
  half_width: number | null;
  stop: string[];
  seconds_left: number | null;
  complete: boolean;
  [name: string]: any;
}

export interface ExperimentSummary {
  experiment_id: string;
  name: string;
  version: string;
  title: string;
  question: string;
  scenario: string;
  pilot: boolean;
  status: "planned" | "running" | "paused" | "completed" | "cancelled";
  desired: string;
  reason: string;
  live: boolean;
  freeze_hash: string | null;
  content_hash: string;
  seconds: number;
  created_at: string | null;
  frozen_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  updated_at: string | null;
  [name: string]: any;
}

export interface ExportedRun {
  format: "pyscrai.run/1";
  run: Record<string, any>;
  template: Record<string, any>;
  cast: Record<string, any>[];
  events: EventItem[];
  calls?: Record<string, any>[] | null;
  measurements?: Record<string, any>[];
  metrics?: Record<string, Record<string, any>>;
  report?: string | null;
  [name: string]: any;
}

export interface Fleet {
  capacity: number;
  workers: WorkerItem[];
  shares: ShareItem[];
}

export interface ForkEdits {
  variables?: Record<string, any>;
  parameters?: Record<string, any>;
  injects: NewInject[];
  model?: string | null;
  role_models?: Record<string, any>;
  message?: MessageEdit | null;
  seed?: number | null;
  max_turns?: number | null;
  budget_usd?: number | null;
  allow_unknown_price: boolean;
}

export interface GraphEdge {
  source: string;
  target: string;
}

export interface GraphNode {
  id: string;
  name: string;
  engine: string | null;
}

export interface GraphPhase {
  id: string;
  title: string;
  order: string;
  speakers: string[];
}

export interface GraphView {
  template: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  phases: GraphPhase[];
  ways: GraphWay[];
  mermaid: string;
}

export interface GraphWay {
  source: string;
  target: string;
  when: string;
}

export interface Health {
  status: string;
  version: string;
  playing: number;
  queued: number;
  watching: number;
}

export interface HumanReply {
  text?: string | null;
  to?: string | string[] | null;
  actions?: Record<string, any> | null;
  changes?: (Record<string, boolean | number | string>)[] | null;
  scene_over?: boolean | null;
  next?: string | null;
  decision?: "accept" | "edit" | "reject" | null;
  reason?: string | null;
  edited?: EditedContent | null;
  release?: true | null;
}

export interface InterviewAnswer {
  run_id: string;
  role: string;
  turn: number;
  question: string;
  answer: string;
  alias: string;
  prompt_tokens: number;
  completion_tokens: number;
  cost_usd: number | null;
}

export interface JudgementItem {
  run_id: string;
  measure: string;
  of: string | null;
  judge: string;
  pass: number;
  shown_order: number | null;
  number: number | null;
  category: string | null;
  rationale: string;
  evidence: string[];
}

export interface Judging {
  by: string[];
  repeats?: number | null;
}

export interface Labeled {
  experiment_id: string;
  labels: number;
}

export interface Labels {
  labels: PersonLabel[];
  csv?: string | null;
  person: string;
}

export interface ListingAnnotation {
  items: Annotation[];
  next?: string | null;
}

export interface ListingCallItem {
  items: CallItem[];
  next?: string | null;
}

export interface ListingCellItem {
  items: CellItem[];
  next?: string | null;
}

export interface ListingEventItem {
  items: EventItem[];
  next?: string | null;
}

export interface ListingExperimentSummary {
  items: ExperimentSummary[];
  next?: string | null;
}

export interface ListingJudgementItem {
  items: JudgementItem[];
  next?: string | null;
}

export interface ListingMeasurementItem {
  items: MeasurementItem[];
  next?: string | null;
}

export interface ListingModelItem {
  items: ModelItem[];
  next?: string | null;
}

export interface ListingNarrowingPoint {
  items: NarrowingPoint[];
  next?: string | null;
}

export interface ListingPastItem {
  items: PastItem[];
  next?: string | null;
}

export interface ListingRunSummary {
  items: RunSummary[];
  next?: string | null;
}

export interface ListingSearchHit {
  items: SearchHit[];
  next?: string | null;
}

export interface ListingSeatLine {
  items: SeatLine[];
  next?: string | null;
}

export interface ListingTemplateSummary {
  items: TemplateSummary[];
  next?: string | null;
}

export interface ManyAccepted {
  action: string;
  actor: string;
  accepted: string[];
  refused: Refusal[];
}

export interface ManyRuns {
  run_ids: string[];
  reason: string;
}

export interface MeasureRequest {
  measures: string[];
  report?: boolean | null;
  model?: string | null;
}

export interface MeasureResult {
  run_id: string;
  turn: number;
  measurements: MeasurementItem[];
  report: string | null;
  missing: MissingItem[];
}

export interface MeasurementItem {
  seq: number;
  turn: number;
  source: string | null;
  measure: string;
  of: string | null;
  value: number | string | null;
  rationale: string;
  evidence: string[];
}

export interface MessageEdit {
  key: string;
  text: string;
}

export interface MetricsView {
  run_id: string;
  metrics: Record<string, Record<string, any>>;
}

export interface MissingItem {
  task: string;
  measures: string[];
  of: string | null;
  error: Record<string, any>;
}

export interface Mistake {
  code: string;
  message: string;
  field: string;
  cure: string | null;
  line: number | null;
  column: number | null;
  [name: string]: any;
}

export interface ModelItem {
  alias: string;
  kind: string;
  model: string;
  layout: string;
  default: boolean;
}

export interface NarrowingPoint {
  ended: number;
  half_width: number;
}

export interface NewAnnotation {
  key: string;
  text: string;
  tags: string[];
}

export interface NewBudget {
  budget_usd: number | null;
  allow_unknown_price: boolean;
}

export interface NewExperiment {
  content?: Record<string, any> | null;
  source?: string | null;
  amend: boolean;
  start: boolean;
}

export interface NewFork {
  at_turn: number;
  edits: ForkEdits;
  name: string;
  tags: string[];
  start: boolean;
}

export interface NewInject {
  text: string;
  audience: string[];
  source: string;
  label: string;
  set?: Record<string, any>;
}

export interface NewRun {
  template: string;
  version?: string | null;
  name: string;
  parameters?: Record<string, any>;
  model?: string | null;
  role_models?: Record<string, any>;
  cast?: Record<string, any>;
  without: string[];
  people?: Record<string, any>;
  seed?: number | null;
  max_turns?: number | null;
  budget_usd?: number | null;
  allow_unknown_price: boolean;
  tags: string[];
  start: boolean;
}

export interface NewSeat {
  person: string;
}

export interface PastItem {
  past: number;
  seed: number;
  block: Record<string, any>;
  state: string;
  run_id: string | null;
  turn: number | null;
  attempts: number;
  reason: string;
  error: Record<string, any> | null;
}

export interface PersonLabel {
  run_id: string;
  measure: string;
  of: string;
  value: number | string;
  person: string;
  pass: number;
  rationale: string;
}

export interface ProblemDetails {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  cure: string | null;
  instance: string | null;
  problems?: Mistake[];
  [name: string]: any;
}

export interface Question {
  role: string;
  question: string;
  turn?: number | null;
  model?: string | null;
}

export interface Reason {
  reason: string;
}

export interface Refusal {
  run_id: string;
  code: string;
  detail: string;
  cure: string | null;
}

export interface Regeneration {
  turn: number;
  seed?: number | null;
  role?: string | null;
  model?: string | null;
  start: boolean;
}

export interface ReplayResult {
  run_id: string;
  same: boolean;
  events: number;
  calls: number;
  difference?: Record<string, any> | null;
}

export interface ReportView {
  run_id: string;
  markdown: string;
}

export interface RoleView {
  run_id: string;
  role: string;
  turn: number;
  secret: string;
  summary: string;
  memory: Record<string, any>;
  variables: Record<string, any>;
  events: EventItem[];
}

export interface RunDetail {
  run_id: string;
  name: string;
  template: string;
  status: "pending" | "running" | "waiting" | "paused" | "completed" | "failed" | "stopped";
  desired: string;
  turn: number;
  phase: string;
  speakers: string[];
  variables: Record<string, any>;
  seed: number;
  parameters: Record<string, any>;
  tags: string[];
  usage: Record<string, any>;
  parent_run_id: string | null;
  fork_turn: number | null;
  outcome: Record<string, any> | null;
  error: Record<string, any> | null;
  created_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  live: boolean;
  cast: CastMember[];
  settings: Record<string, any>;
  template_hash: string;
  studio_thread: string;
  waiting?: Record<string, any>[];
}

export interface RunSummary {
  run_id: string;
  name: string;
  template: string;
  status: "pending" | "running" | "waiting" | "paused" | "completed" | "failed" | "stopped";
  desired: string;
  turn: number;
  phase: string;
  speakers: string[];
  variables: Record<string, any>;
  seed: number;
  parameters: Record<string, any>;
  tags: string[];
  usage: Record<string, any>;
  parent_run_id: string | null;
  fork_turn: number | null;
  outcome: Record<string, any> | null;
  error: Record<string, any> | null;
  created_at: string | null;
  started_at: string | null;
  ended_at: string | null;
  live: boolean;
}

export interface SearchHit {
  id: number;
  run_id: string;
  run_name: string;
  seq: number;
  turn: number;
  kind: string;
  source: string | null;
  name: string | null;
  created_at: string;
  parts: string[];
}

export interface SeatLine {
  id: number;
  turn: number;
  kind: string;
  source: string;
  to: string[] | null;
  name?: string | null;
  text?: string | null;
  phase?: string | null;
  action?: string | null;
  arguments?: Record<string, any> | null;
  variable?: string | null;
  old?: any;
  new?: any;
  tool?: string | null;
}

export interface SeatReply {
  text?: string | null;
  to?: string | string[] | null;
  actions?: Record<string, any> | null;
  changes?: (Record<string, boolean | number | string>)[] | null;
  scene_over?: boolean | null;
  next?: string | null;
  decision?: "accept" | "edit" | "reject" | null;
  reason?: string | null;
  edited?: EditedContent | null;
  release?: true | null;
  role?: string | null;
}

export interface SeatToken {
  run_id: string;
  role: string;
  person: string;
  token: string;
}

export interface SeatView {
  role: string;
  name: string;
  person: string;
  title: string;
  status: "asked" | "going_on" | "standing" | "ended";
  turn: number;
  phase: string;
  secret: string;
  variables: Record<string, any>;
  cast: Record<string, string>;
  request: Record<string, any> | null;
}

export interface ShareChange {
  weight?: number | null;
  priority?: number | null;
  held?: boolean | null;
  budget_usd?: number | null;
}

export interface ShareItem {
  share: string;
  waiting: number;
  playing: number;
  weight: number;
  priority: number;
  held: boolean;
  budget_usd: number | null;
  spent_usd: number;
}

export interface StateView {
  run_id: string;
  turn: number;
  state: Record<string, any>;
  changed: Record<string, any> | null;
}

export interface Stored {
  stored: string[];
}

export interface TemplateDetail {
  kind: string;
  name: string;
  version: string;
  title: string;
  description: string;
  content_hash: string;
  shipped: boolean;
  archived: boolean;
  created_at: string;
  content: Record<string, any>;
  source: string | null;
}

export interface TemplateSummary {
  kind: string;
  name: string;
  version: string;
  title: string;
  description: string;
  content_hash: string;
  shipped: boolean;
  archived: boolean;
  created_at: string;
}

export interface TemplateText {
  source?: string | null;
  content?: Record<string, any> | null;
}

export interface TranscriptLine {
  tone: string;
  text: string;
  role: string;
  who: string;
  to: string;
  tag: string;
  turn: number;
  seq: number;
  detail: boolean;
}

export interface TranscriptView {
  run_id: string;
  heard_by: string | null;
  lines: TranscriptLine[];
}

export interface Validity {
  valid: boolean;
  templates: string[];
  warnings: Mistake[];
}

export interface Verification {
  experiment_id: string;
  identical: boolean;
  differences: string[];
  replayed: number;
  not_ended: string[];
  runs: number;
  numbers: number;
}

export interface WorkerItem {
  id: string;
  kind: string;
  version: string;
  capacity: number;
  playing: number;
  aliases: string[];
  labels: string[];
  started_at: string;
  beat_seconds: number;
}
