import type { AuthlogError } from "../../errors.ts";
import type { ReadableLogRecord } from "../../telemetry/exporter.ts";
import type { Clock } from "../clock.ts";
import type { Span } from "../span.ts";
import type { JournalTuning } from "./journal-options.ts";
import type { Lane } from "./lane.ts";
import type { ReaderFiles } from "./line-reader.ts";
import type { WriterFiles } from "./lane-writer.ts";

/** Where the journal keeps a record. */
export interface Position {
  readonly lane: Lane;
  readonly number: number;
}

/** A record of the journal. */
export interface JournalEntry {
  readonly record: ReadableLogRecord;
  readonly position: Position;
  /** Whether it comes from a process that died, which may have delivered it. */
  readonly mayBeThere: boolean;
}

/** Records of the journal that are gone, and why. */
export interface Gone {
  readonly count: number;
  readonly span: Span;
  readonly cause: AuthlogError;
  /** Whether another process left them, which died. */
  readonly ofDead?: boolean;
}

/** What became of a record that was to be kept. */
export type Appended =
  /** It is kept. Whoever `retained` it in memory delivers it; otherwise it is read back later. */
  | { status: "kept"; position: Position; retained: boolean }
  /** There is no room. */
  | { status: "full"; cause: AuthlogError }
  /** The disk takes nothing now. */
  | { status: "unwritable" };

/** What the journal needs of the world around it. */
export interface JournalWorld {
  clock: Clock;
  /** Called when there may be something to read that was not, and when the disk takes entries again. */
  onChange: () => void;
  /** Told of what is gone. */
  onGone: (gone: Gone) => void;
  /** Tests pass some that fail. */
  files?: WriterFiles;
  readerFiles?: ReaderFiles;
  tuning?: Partial<JournalTuning>;
}
