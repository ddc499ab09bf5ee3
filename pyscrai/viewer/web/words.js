// All English texts of the viewer. A translation is a module of the same shape.

const many = (count, one, more = `${one}s`) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;

export const W = {
  product: "PyScrAI",
  and: "and",
  close: "Close",
  cancel: "Cancel",
  save: "Save",
  copyLink: "Copy a link to this line",
  copied: "Link copied",
  copyShort: "Copy",
  loading: "Reading…",
  nothingYet: "Nothing yet",
  none: "none",
  skipToContent: "Skip to the content",
  justNow: "just now",
  minutesAgo: (minutes) => `${many(minutes, "minute")} ago`,
  hoursAgo: (hours) => `${many(hours, "hour")} ago`,
  turn: (turn) => `Turn ${turn}`,
  turns: (turns) => many(turns, "turn"),
  runs: (runs) => many(runs, "run"),
  calls: (calls) => many(calls, "call"),
  tokens: (tokens) => many(tokens, "token"),

  nav: { label: "Main", runs: "Runs", experiments: "Experiments", scenarios: "Scenarios", reference: "API reference" },
  theme: { label: "Colours", auto: "As the system", light: "Light", dark: "Dark" },
  connection: {
    connecting: "Connecting", live: "Live", waiting: "Reconnecting", ended: "Complete", refused: "Refused", folder: "From a folder",
    hint: {
      connecting: "Waiting for the server", live: "Events arrive as they happen", waiting: "The server does not answer; what happens meanwhile is not lost",
      ended: "The whole record is here", refused: "The server refuses this stream", folder: "Read from disk, without a server",
    },
  },

  key: {
    title: "An API key is needed", text: "This server asks for a key. It is kept in this tab only, and forgotten when the tab closes.",
    label: "API key", go: "Use this key", unknown: "This key is not known or was revoked.", scope: "This key may not do that.",
    cure: "pyscrai keys create NAME --scope control",
  },

  status: {
    pending: "Not started", running: "Running", waiting: "Waiting for a person", paused: "Paused", completed: "Completed", failed: "Failed", stopped: "Stopped",
  },
  desired: { run: "asked to run", pause: "pause asked", step: "one step asked", stop: "stop asked", cancel: "cancel asked", wait: "waits", wait_step: "pauses after it", none: "" },
  queued: "waits for a free place",

  controls: {
    label: "Controls", start: "Start", pause: "Pause", resume: "Resume", step: "Step", stop: "Stop", cancel: "Cancel now", inject: "Inject", fork: "Fork",
    why: {
      start: "Only a run that was not started can be started", pause: "Only a run that plays can be paused", resume: "Only a run that stands can go on",
      step: "Only a run that stands can be stepped", stop: "The run has ended", inject: "The run has ended",
    },
    stopSure: "Stop this run for good? It can be forked afterwards, not resumed.",
    refused: "Refused",
  },

  // -- transcript
  transcript: "Transcript",
  premise: "The situation",
  newest: "Newest",
  newLines: (lines) => `${many(lines, "new line")}`,
  playedBy: (person) => `played by ${person}`,
  onlyTo: (names) => `only to ${names}`,
  toSelf: "to nobody else",
  operators: "seen by operators alone",
  heardBy: (names) => `Heard by ${names}`,
  heardByAll: "Heard by all",
  heardByCount: (heard, of) => `heard by ${heard} of ${of}`,
  speaking: "is speaking",
  inject: "Inject",
  change: "Change",
  refusedChange: "refused",
  why: "Why",
  machinery: (notes, warnings) => [notes ? many(notes, "note") : "", warnings ? many(warnings, "warning") : ""].filter(Boolean).join(", "),
  scores: "Scores",
  assessment: "Assessment",
  report: "Report",
  verdict: (goal, met) => `“${goal}” is ${met ? "reached" : "not reached"}`,
  isNext: (name, reason) => `${name} is next${reason ? `: ${reason}` : ""}`,
  remembers: (name, summary) => `${name} remembers: ${summary}`,
  concludes: (name, insights) => `${name} concludes: ${insights}`,
  asks: (actor, action, reason) => `${actor} asks: ${String(action).replace("_", " ")}${reason ? ` (${reason})` : ""}`,
  decided: {
    accept: (actor, name) => `${actor} let pass what ${name} proposed`, edit: (actor, name) => `${actor} changed what ${name} proposed`, reject: (actor, name) => `${actor} rejected what ${name} proposed`,
  },
  proposed: (text, reason) => `“${text}”${reason ? ` (${reason})` : ""}`,
  usesTool: (tool, given) => `${tool}: ${given}`, toolRefused: (person, reason) => `refused by ${person}${reason ? `: ${reason}` : ""}`,
  editedBy: (person) => `edited by ${person}`,
  budgetSet: (actor, amount) => (amount === "" ? `${actor} lifts the budget` : `${actor} sets the budget to ${amount}`),
  resumed: "The run goes on",
  retried: (name, told) => `${name}: ${told.alias} failed at try ${told.attempt} (${told.error}): ${told.message}`,
  fellBack: (name, told) => `${name}: ${told.alias} failed for good (${told.error}); ${told.fallback} answered`,
  repaired: (name, problem) => `${name}: the reply had to be mended: ${problem}`,
  skipped: (name, message) => `${name}: the turn is skipped: ${message || ""}`,
  taken: (person, name) => `${person} plays ${name} from now on`,
  released: (name) => `A model plays ${name} again`,
  missing: (task, message) => `No ${task} could be had: ${message || ""}`,
  notApplied: (actor, action, reason) => `${actor}'s ${String(action).replace("_", " ")} was not applied: ${reason}`,
  waitsFor: (name) => `to play ${name}`,
  waitsForDecision: (name) => `to decide what ${name} proposes`,
  forkedFrom: (turn) => `Forked after turn ${turn} from`,
  edited: "Changed in this run",
  forkHere: "Fork from here",
  showCall: "Show the model call",
  readAs: (name) => `Read as ${name} here`,
  find: "Find in this run",
  findNext: "Next match",
  matches: (at, of) => (of ? `${at} of ${of}` : "no match"),

  // -- cast and lens
  cast: "Cast",
  lens: {
    label: "Read as", everyone: "Everyone", hint: "Choose a role to see only what it heard", knewAt: (name, turn) => `What ${name} knew at turn ${turn}`,
    heard: (heard, of) => `heard ${heard} of ${many(of, "line")}`, secret: "Secret", memory: "Memory", variables: "Variables it sees",
    prompt: "The prompt as it was built", noPrompt: "No model call of this role at this turn: the nearest is shown.", none: "This role made no model call up to here.",
    inPrompt: "In this prompt word for word", notInPrompt: "Heard, but no longer word for word in this prompt", off: "Stop reading as this role",
  },

  // -- panels
  panels: { label: "Details", state: "State", mind: "Mind", call: "Call", scores: "Scores", graph: "Graph", notes: "Notes", about: "About" },
  state: {
    at: (turn) => `After turn ${turn}`, now: "Now", changed: "Changed in this turn", unchanged: "No variable changed in this turn", variables: "Variables",
    over: "Over the turns", none: "This scenario has no variables.", whole: "The whole state", before: "before", after: "after",
  },
  scrubber: { label: "Turn", first: "First turn", back: "One turn back", on: "One turn on", live: "Live", last: "To the end", of: (turn, last) => `Turn ${turn} of ${last}` },
  call: {
    none: "Choose a line to see the model call behind it.", person: "A person said this; no model was asked.", prompt: "Prompt", reply: "Reply", raw: "Raw answer", settings: "Settings", attempts: "Attempts",
    tokensIn: "Prompt tokens", cached: "cached", tokensOut: "Reply tokens", cost: "Cost", latency: "Latency", model: "Model", purpose: "Purpose", finish: "Ended by", prompts: "Prompt templates",
    error: "Failed", waited: "waited", ordinal: (number) => `ask ${number + 1}`, schema: "Reply schema", seed: "Seed",
  },
  score: { none: "No measures yet.", evidence: "Evidence", noEvidence: "cites no line", of: "of", value: "Value", noValue: "no value", report: "Report" },
  about: {
    outcome: "Outcome", scenario: "Scenario", seed: "Seed", parameters: "Parameters", models: "Models", settings: "Settings", hash: "Template hash", id: "Run", created: "Made", started: "Begun", ended: "Ended",
    again: "Run again the same", studio: "Studio thread", parent: "Forked from", tags: "Tags", replay: "Replay from the journal", replaySame: (events, calls) => `The replay gave the same ${many(events, "event")} from ${many(calls, "recorded call")}, with no model.`,
    replayDiffers: (turn) => `The replay differs at turn ${turn}.`, cli: "At a terminal", figures: "Figures", perRole: "By role",
  },
  budget: {
    of: "of", forecast: (text) => `about ${text} to the end`, free: "no cost", unknown: "cost unknown", title: "Budget", change: "Change the budget", spent: "Spent", now: "Budget", without: "none", toEnd: "Expected to the end",
    wanted: "New budget in $", hint: "For the whole run. It ends with the turn that reaches it.", go: "Set the budget", lift: "Lift it", lifted: "The budget is lifted", set: (amount) => `The budget is ${amount} from the next turn on`,
    stands: "A budget changes while the run stands. Pause the run first.", unpriced: "Also with models of unknown price, whose calls are not counted",
  },
  graph: { title: "Who can follow whom", phasesTitle: "The phases", list: "As a list", kind: "What is drawn", roles: "Roles", phases: "Phases", none: "This folder holds no graph." },

  notes: {
    title: "Notes", add: "Write a note", write: (turn) => `Note on turn ${turn}`, text: "What is to be noted", hint: "For people alone: no role, no judge and no seat reads it.", remove: "Remove this note",
    none: "No note yet. Choose a line and press n, or the pen beside it.", noneHere: "No note was written.",
  },

  // -- dialogs
  injectForm: { title: "Put something into the world", text: "What happens", audience: "Who hears it", all: "All", label: "Label", set: "Set variables", go: "Inject", hint: "The next turn takes it.", done: "The next turn takes it" },
  forkForm: {
    title: (turn) => `Fork after turn ${turn}`, hint: "The past is shared, not played or paid again. This run stays as it is.", name: "Name", seed: "Seed", model: "Model for all roles", same: "as before", message: "This line says instead",
    inject: "Put something in before the next turn", variables: "Variables", parameters: "Parameters", go: "Fork", regenerate: "Only play this turn again", turns: "Turns at most", budget: "Budget in $",
  },
  exporting: {
    open: "Export…", short: "Export", go: "Download", writing: "It is being written…", format: "Format",
    title: (what) => (what.run ? "Export this run" : what.tag ? `Export all runs with the tag ${what.tag}` : what.experiment ? "Export this experiment" : `Export ${many(what.runs.length, "run")}`),
    ofTag: (tag) => `Export all with the tag ${tag}`,
    formats: {
      csv: ["Table, CSV", "for spreadsheets; texts that look like formulas get an apostrophe"], parquet: ["Table, Parquet", "for pandas, polars, DuckDB"], jsonl: ["Table, JSON lines", "a row a line, for programs"],
      chat: ["Conversations, JSON lines", "for training chat models: one for each role, with what it knew and said"], inspect: ["Inspect log (.eval)", "for Inspect's viewer and data frames: a run is a sample"],
      huggingface: ["Data set (.zip)", "a card and Parquet files, as the Hugging Face Hub has them"], folder: ["Folder to open (.zip)", "unpack it and open index.html: this viewer, with no server"],
    },
    ofRun: {
      html: ["Page, HTML", "to read and pass on: one file that loads nothing"], markdown: ["Document, Markdown", "to read and edit"], json: ["Whole record, JSON", "one document with events, prompts, replies and figures"],
      jsonl: ["Whole record, JSON lines", "the same, an object a line"], csv: ["Events, CSV", "a row an event, for spreadsheets; texts that look like formulas get an apostrophe"], parquet: ["Events, Parquet", "a row an event, for pandas, polars, DuckDB"],
    },
    ofExperiment: { html: ["Report, HTML", "to read and pass on: one file that loads nothing"], markdown: ["Report, Markdown", "to read and edit"], sheet: ["Sheet for people, CSV", "the transcripts, blind and in a drawn order, to be scored by people"] },
    table: "A row for each", tables: { runs: "run", cells: "planned run", measurements: "measurement", judgements: "judgement", turns: "turn", contrasts: "contrast", arms: "arm", deviations: "deviation" },
    calls: "With the model calls: prompts and replies", family: "With all runs that share its past",
  },
  newRun: {
    title: "New run", scenario: "Scenario", parameters: "Parameters", cast: "Cast", model: "Model", modelHint: "For every role; each role can have its own", people: "Played by", aModel: "a model", usual: "as written", leaveOut: "left out", seed: "Seed", random: "random", turns: "Turns at most",
    budget: "Budget in $", tags: "Tags, separated by commas", name: "Name", start: "Start", later: "Make, start later", options: "More options", person: "Name of the person",
  },
  person: {
    asked: (name) => `${name} is asked`, speak: "What do you say?", to: "To", everyone: "everyone", send: "Say it", sent: "Sent", next: "Who speaks next?", secret: "What only you know", knows: "What you know", release: "Hand back to the model", takeOver: "Take over", sendKeys: "Ctrl + Enter sends", changes: "What has changed in the world", sceneOver: "The scene is over",
    whoPlays: "Who plays", byModel: (model) => `A model plays: ${model}`, takeOverHint: "from the next turn on; the run then waits for you", seatMake: "Make the link",
    seat: "Link for a person", seatHint: "Whoever has this link sees and plays this role of this run, and nothing else.", seatDone: "Copy this link now; it is not shown again.",
  },
  approval: {
    proposes: "proposes", wantsTool: "wants to use a tool", rejectTool: "It is not used. Whoever wanted to use it is told the reason.", anyone: "anyone may decide", decides: (name) => `${name} decides`, says: (name) => `What ${name} says instead`, accept: "Accept", edit: "Edit", reject: "Reject", back: "Back", sendEdited: "Send as edited",
    why: "Why not?", rejectHint: "Nobody hears what was proposed. The reason is kept in the record, for operators.", silent: "Says nothing.", rejectNext: "Whose turn it is by round robin speaks next.",
  },
  seat: {
    title: (name) => `You play ${name}`, gone: "This link does not work (any more). Ask whoever gave it to you for another one.", statuses: { asked: "It is your turn", going_on: "The others are playing", standing: "The exercise stands still", ended: "The exercise has ended" },
    secret: "What only you know", variables: "What you know of the world", cast: "With", private: "only you hear this", whispered: (names) => `only to ${names}`, yours: "you", transcript: "What you heard", reading: "Reading…", key: "Your link is kept in this tab only.",
  },
  refused: "It was refused",
  notFound: "Not found",
  noAnswer: "No answer",
  cure: "What helps",

  // -- runs page
  runsPage: {
    title: "Runs", none: "No run fits.", noneAtAll: "No run yet", noneHint: "Make one here, or at a terminal with `pyscrai run two-agent-conversation`. It appears as it is played.", filter: "Filter", search: "Search in what was said", anyStatus: "All", template: "Scenario", tag: "Tag", more: "More",
    selected: (count) => `${many(count, "run")} chosen`, pause: "Pause", resume: "Resume", remove: "Delete", compare: "Compare two", removeSure: (count) => `Delete ${many(count, "run")} with all that they recorded?`,
    columns: { name: "Run", status: "Status", turn: "Turn", cost: "Cost", tokens: "Tokens", made: "Made", tags: "Tags" }, choose: "Choose", chooseAll: "Choose all", found: (hits) => many(hits, "line found", "lines found"),
    fork: "fork", results: "Lines that say it", refusedSome: (count) => `${many(count, "run")} refused it`,
  },

  // -- futures
  futures: {
    title: "Two futures", tree: "Branches", same: "The same past", until: (turn) => `Both share turns 1 to ${turn}`, differs: "Here they part", pick: "Compare with", left: "A", right: "B", edits: "What is otherwise", noEdits: "another seed alone", jump: "To the first difference",
    scores: "Scores", variables: "Variables", none: "No fork yet. A fork can be made at every line.", equal: "They are the same throughout.", onlyOne: "There is only this run. Fork it at any line to make another future.", missing: "nothing here",
  },

  // -- scenarios
  scenarios: {
    title: "Scenarios", none: "No scenario is stored.", play: "Play", open: "Open", shipped: "shipped", versions: "Versions", write: "Write a new one", editor: "Template in YAML", checks: "Checks", fine: "Can be played", mistakes: (count) => many(count, "mistake"), warnings: (count) => many(count, "warning"),
    line: (line) => `line ${line}`, save: "Save", saved: (names) => `Saved ${names}`, next: "Save as next version", picture: "Phases", roles: "Roles", dry: "Dry run", dryHint: "Plays the flow with no model", unsaved: "Not saved", ends: "Ends", checking: "Checking…",
  },

  experiments: {
    title: "Experiments", none: "No experiment yet", noneHint: "Run one with `pyscrai experiment run FILE`. Its board fills here while it is played.", statuses: { planned: "Planned", running: "Running", paused: "Paused", completed: "Completed", cancelled: "Cancelled" },
    states: { planned: "planned", playing: "playing", ended: "ended", failed: "failed", excluded: "excluded" }, board: "Board", contrasts: "Contrasts", judges: "Judges", arm: "Arm", past: (past) => `past ${past}`, pastHead: "Past", pasts: "pasts", attempts: (count) => many(count, "attempt"),
    failures: (count) => `${many(count, "cell")} failed, excluded or played again`, failed: (count) => `${count} failed`, cells: "Runs ended", halfWidth: "Interval, half width", narrowing: "How the interval narrows as runs end", left: "Left", took: "Took", frozen: "frozen", notFrozen: "not frozen",
    freeze: "Freeze", run: "Run", pilot: "pilot", to: "to", difference: "Difference", futures: "Two futures", computed: "Computed from the record; no line is cited.", noJudges: "No judge has scored these runs.", apart: "Apart", means: "Means of the arms", unreliable: "unreliable judges",
    allModels: "all of the plan", byJudge: "Each contrast by each judge. What was judged beyond the plan changes none.", beyondPlan: "beyond the plan", withPeople: "models with people", measure: "Measure", alpha: "Alpha", interval: "Interval", items: "Items",
    standing: { primary: "primary", secondary: "secondary", exploratory: "exploratory" },
  },

  fleet: {
    title: "Fleet", workers: "Processes", shares: "Experiments and callers", nobody: "No process lives.", nothing: "Nothing waits and nothing plays.", held: "held",
    kinds: { serve: "server", worker: "worker" }, beat: (seconds) => `${seconds} s ago`, of: (spent, budget) => `${spent} of ${budget}`,
    columns: { worker: "Process", kind: "Kind", playing: "Playing", capacity: "Capacity", beat: "Last beat", aliases: "Models", labels: "Labels", version: "Version", share: "Whose", waiting: "Waiting", weight: "Weight", priority: "Priority", spent: "Spent" },
    summary: (workers, playing, capacity, waiting) => `${many(workers, "process", "processes")}, ${playing.toLocaleString("en")} of ${many(capacity, "place")} taken, ${many(waiting, "run")} waiting`,
  },

  // -- keyboard
  keys: {
    title: "Keyboard", open: "Keys", list: [
      ["j / k", "next or previous line"], ["[ / ]", "one turn back or on"], ["Home / End", "to the beginning or the end"], ["l", "read as the next role"], ["c", "the model call of the chosen line"], ["f", "fork from the chosen line"],
      ["y", "copy a link to the chosen line"], ["Space", "pause or resume"], ["s", "one step"], ["i", "inject"], ["/", "find"], ["n", "write a note on the chosen line"], ["x", "export the run"], ["1 … 7", "panels"], ["g r", "runs"], ["g s", "scenarios"], ["g e", "experiments"], ["?", "this list"], ["Esc", "close, or stop reading as a role"],
    ],
  },
};
