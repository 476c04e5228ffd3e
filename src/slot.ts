import type { AuthlogErrorCode } from "./errors.ts";

/** A value that an attribute of ours can have: flat, as the rules for OpenTelemetry's events ask. */
export type AttributeValue = string | number | boolean | readonly string[];

/** A log record as authlog emits it: frozen, private data already removed. */
export interface AuthLogRecord {
  readonly eventName: string;
  /** Milliseconds since 1970. */
  readonly timeUnixMillis: number;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** One record on its way through a provider. `taken` is set by a processor that keeps the record. */
export interface Emission {
  readonly record: AuthLogRecord;
  taken: boolean;
}

/** Something that went wrong inside authlog, for the people who run the app. */
export interface Diagnostic {
  readonly code: AuthlogErrorCode;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
  /** How many like it happened since the last one that was shown, this one included. */
  readonly count: number;
}

/** How often a diagnostic happened, and when it was last shown. */
interface DiagnosticState {
  pending: number;
  shownAtMillis: number;
}

/**
 * What must be one in a process. A Next.js build holds several copies of a module, and an app can
 * hold two copies of a package: of all places only `globalThis` is shared among them, and not even
 * that with the edge runtime.
 */
export interface Slot {
  /** The emitting process: its id, and how many records it has made. */
  readonly producer: { readonly id: string; sequence: number };
  /** The record that is being emitted right now, while `Logger.emit` runs. */
  emitting: Emission | undefined;
  /** Takes the records that no processor of ours took. Set by setup. */
  sink: ((record: AuthLogRecord) => void) | undefined;
  /** `false` when the app switched authlog off: events are then not even made. */
  enabled: boolean;
  /** Tell what is only counted so far. Called before a flush. */
  readonly tellers: Set<() => void>;
  /** Records that nothing could take. */
  lost: number;
  /** What setup has started, so that a second call finds it. */
  setup: Promise<void> | undefined;
  /** Where diagnostics go instead of the console. */
  onDiagnostic: ((diagnostic: Diagnostic) => void) | undefined;
  readonly diagnostics: Map<string, DiagnosticState>;
}

const key = Symbol.for("authlog.v1");

/** The process's one slot, made by whoever comes first. */
export function getSlot(): Slot {
  const holder = globalThis as { [key]?: Slot };
  holder[key] ??= {
    producer: { id: crypto.randomUUID(), sequence: 0 },
    emitting: undefined,
    sink: undefined,
    enabled: true,
    tellers: new Set(),
    lost: 0,
    setup: undefined,
    onDiagnostic: undefined,
    diagnostics: new Map(),
  };
  return holder[key];
}
