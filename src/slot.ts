import type { AuthlogErrorCode } from "./errors.ts";

/** A value that an attribute of ours can have: flat, as the rules for OpenTelemetry's events ask. */
export type AttributeValue = string | number | boolean | readonly string[];

/** A span, as it is known outside of its process. */
export interface SpanContext {
  traceId: string;
  spanId: string;
  traceFlags: number;
  isRemote?: boolean;
}

/** A log record as authlog emits it: frozen, private data already removed. */
export interface AuthLogRecord {
  readonly eventName: string;
  /** Milliseconds since 1970. */
  readonly timeUnixMillis: number;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  /** The span that the request named, where none of this process was active. */
  readonly remoteSpan?: SpanContext;
}

/** What makes a record one of a kind: made at emission, one count a process. */
export interface RecordIdentity {
  /** UUIDv7. */
  uid: string;
  producerId: string;
  /** From 1. */
  sequence: number;
}

/** One record on its way through a provider. `taken` is set by a processor that keeps the record. */
export interface Emission {
  readonly record: AuthLogRecord;
  taken: boolean;
}

/** One processor or exporter, as the semantic conventions for an SDK's own metrics name it. */
export interface Component {
  readonly type: string;
  /** Unique among those of its type in the process. */
  readonly name: string;
}

/** Records that wait for their confirmation, as somebody sees them who waits for it too. */
export interface RecordQueue {
  readonly component: Component;
  /** How many there are now. */
  readonly depth: number;
  /** How many there can be. */
  readonly capacity: number;
  /**
   * Waits, at most so long, until every record that was taken before the call is confirmed. Never
   * rejects.
   *
   * @returns whether all of them are
   */
  settle(wait: QueueWait): Promise<boolean>;
  /**
   * Whether an answer to a user has to wait until what was taken is on the disk; if so, waits for
   * that, at most so long. Never rejects.
   */
  onDisk?(timeoutMillis: number): Promise<void> | undefined;
}

/** How somebody waits for a queue. */
export interface QueueWait {
  timeoutMillis: number;
  /** Whether a receiver that failed is tried at once, not only after the pause that is due. */
  urgent: boolean;
}

/** Something that went wrong inside authlog, for the people who run the app. */
export interface Diagnostic {
  readonly code: AuthlogErrorCode;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
  /** Where to read on. */
  readonly link: string;
  /** How many like it happened since the last one that was shown, this one included. */
  readonly count: number;
}

/** Where the client's address stands, where the app says so: nothing else proves an address. */
export type ClientAddressRule =
  /** How many proxies of the app's own each append to `x-forwarded-for`. */
  | { readonly trustedProxies: number }
  /** A header that the platform sets itself, whatever the client sent under that name. */
  | { readonly header: string };

/**
 * How events are captured, as setup resolved it. The functions come from there since they need
 * Node's cryptography, which must stay out of what an edge bundle imports.
 */
export interface CaptureSettings {
  /** The app's own way to read the identity that credentials claim. */
  readonly attemptedIdentifier:
    | ((credentials: Readonly<Record<string, unknown>>) => unknown)
    | undefined;
  /** The app's own way to say why `authorize` threw. What it returns is not trusted. */
  readonly classifyAuthorizeError: ((error: unknown) => unknown) | undefined;
  readonly clientAddress: ClientAddressRule | undefined;
  /**
   * What an attribute is told as: its text, or a pseudonym where the app asked for one; `undefined`
   * where it did and there is no key.
   */
  readonly tell: (attribute: string, text: string) => string | undefined;
  /** The keyed pseudonym of a text, or `undefined` where there is no key. */
  readonly pseudonymOf: (attribute: string, text: string) => string | undefined;
  /** Whether this reading of the session is one to tell of. */
  readonly samplesSessionRead: () => boolean;
  /** How the end of a request waits for the delivery of its events. */
  readonly requestEnd: RequestEnd;
}

/** How the end of a request waits for the delivery of its events. */
export interface RequestEnd {
  /** How long at most, in milliseconds. */
  readonly timeoutMillis: number;
  /** Whether a handler itself waits where neither Next.js nor the platform does so behind it. */
  readonly blocks: boolean;
}

/** What happened in a process, as the doctor wants to know it. */
export interface SeenActivity {
  /** Whose LoggerProvider the global one is: what `register` made or started; else the app's, or none. */
  readonly provider?: "authlog" | "sdk-node" | "app" | "none";
  /** What of NextAuth was wrapped: its function, or options alone, as for `getServerSession`. */
  readonly wrapped?: "function" | "options";
  readonly lastEventUnixMillis?: number;
  /** What took the last event: a processor at the global provider, or the sink past every provider. */
  readonly takenBy?: "processor" | "sink";
}

/** How often a diagnostic happened, and when it was last shown. */
interface DiagnosticState {
  pending: number;
  shownAtMillis: number;
}

/** Events that no queue has, and that are not confirmed. */
export interface Unconfirmed {
  /** Those that are still being put together. */
  readonly pending: Set<Promise<unknown>>;
  /** Those that nothing delivers any more, and that no flush has reported: from which place to which. */
  lost: { readonly first: number; readonly last: number } | undefined;
  /** The flushes under way: up to which place each speaks, and whether any of that is lost. */
  readonly flushes: Set<{ sequence: number; lost: boolean }>;
}

/**
 * What must be one in a process. A Next.js build holds several copies of a module, and an app can
 * hold two copies of a package: of all places only `globalThis` is shared among them, and not even
 * that with the edge runtime.
 */
export interface Slot {
  /** The emitting process: its id, made with the first record, and how many records it has made. */
  readonly producer: { id: string; sequence: number };
  /** The record that is being emitted right now, while `Logger.emit` runs. */
  emitting: Emission | undefined;
  /** Takes the records that no processor of ours took. Set by setup. */
  sink: ((record: AuthLogRecord) => void) | undefined;
  /** `false` when the app switched authlog off: events are then not even made. */
  enabled: boolean;
  /** Read at each event. Before setup, and in the edge runtime, there are none: the defaults apply. */
  capture: CaptureSettings | undefined;
  /** Tell what is only counted so far. Called before a flush. */
  readonly tellers: Set<() => void>;
  /** What a flush waits for: one for each processor that has taken a record. */
  readonly queues: Set<RecordQueue>;
  /** What a flush has to know beside the queues. */
  readonly unconfirmed: Unconfirmed;
  /** What setup has started, so that a second call finds it. */
  setup: Promise<void> | undefined;
  /** Where diagnostics go instead of the console. */
  onDiagnostic: ((diagnostic: Diagnostic) => void) | undefined;
  readonly diagnostics: Map<string, DiagnosticState>;
  readonly activity: {
    seen: SeenActivity;
    /** Set by setup, which publishes it. Cheap, and never throws. */
    changed: (() => void) | undefined;
  };
  /** What was printed once already. */
  readonly announced: Set<string>;
}

const key = Symbol.for("authlog.v1");

/** The process's one slot, made by whoever comes first. */
export function getSlot(): Slot {
  const holder = globalThis as { [key]?: Slot };
  holder[key] ??= {
    // Next.js refuses random numbers in a page that it renders ahead, and the slot is made there too.
    producer: { id: "", sequence: 0 },
    emitting: undefined,
    sink: undefined,
    enabled: !isBuild() && !isSwitchedOff(),
    capture: undefined,
    tellers: new Set(),
    queues: new Set(),
    unconfirmed: { pending: new Set(), lost: undefined, flushes: new Set() },
    setup: undefined,
    onDiagnostic: undefined,
    diagnostics: new Map(),
    activity: { seen: {}, changed: undefined },
    announced: new Set(),
  };
  return holder[key];
}

/** What set-up reads as well; in the edge runtime there is none, and modules may be loaded before it. */
function isSwitchedOff(): boolean {
  const value = typeof process === "undefined" ? undefined : process.env["AUTHLOG_ENABLED"];
  return value !== undefined && ["false", "0"].includes(value.toLowerCase());
}

/** Whether `next build` runs the app's code: nobody signs in then, and nothing takes events. */
function isBuild(): boolean {
  // An edge runtime need not have a `process`.
  return typeof process !== "undefined" && process.env["NEXT_PHASE"] === "phase-production-build";
}

/** Notes what happened. */
export function noteActivity(seen: SeenActivity): void {
  const { activity } = getSlot();
  activity.seen = { ...activity.seen, ...seen };
  activity.changed?.();
}
