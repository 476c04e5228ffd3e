import { afterEach, beforeEach } from "vitest";
import { type AuthLogRecord, type Diagnostic, getSlot } from "../../src/slot.ts";

/** What left authlog during a test: the records that no processor took, and the diagnostics. */
export interface Watched {
  readonly records: AuthLogRecord[];
  readonly diagnostics: Diagnostic[];
  /** The names of the events, oldest first. */
  readonly names: () => string[];
  /** The attributes of the latest event. */
  readonly last: () => Readonly<Record<string, unknown>>;
  /** Emits the events that are only counted so far. */
  readonly flushCounted: () => void;
}

/** Gives each test of a file a slot of its own, with a sink that keeps what it gets. */
export function watchSlot(): Watched {
  const watched: Watched = {
    records: [],
    diagnostics: [],
    names: () => watched.records.map(({ eventName }) => eventName),
    last: () => watched.records.at(-1)?.attributes ?? {},
    flushCounted: () => getSlot().tellers.forEach((tell) => tell()),
  };
  beforeEach(() => {
    clearSlot();
    watched.records.length = 0;
    watched.diagnostics.length = 0;
    const slot = getSlot();
    slot.sink = (record) => watched.records.push(record);
    slot.onDiagnostic = (diagnostic) => watched.diagnostics.push(diagnostic);
  });
  afterEach(clearSlot);
  return watched;
}

function clearSlot(): void {
  delete (globalThis as Record<symbol, unknown>)[Symbol.for("authlog.v1")];
}
