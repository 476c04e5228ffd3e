import { getSlot } from "../../src/slot.ts";
import { Journal } from "../../src/delivery/journal/journal.ts";
import type { Gone } from "../../src/delivery/journal/journal-entry.ts";
import {
  type Durability,
  journalDefaults,
  type JournalOptions,
  type JournalTuning,
} from "../../src/delivery/journal/journal-options.ts";
import type { ReaderFiles } from "../../src/delivery/journal/line-reader.ts";
import type { WriterFiles } from "../../src/delivery/journal/lane-writer.ts";
import type { Diagnostic } from "../../src/slot.ts";
import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";
import { attributes } from "../../src/vocabulary.ts";
import { createClock, type ManualClock } from "./delivery.ts";

/** A journal whose timers run when the test says so. */
export interface OpenedJournal {
  journal: Journal;
  clock: ManualClock;
  gone: Gone[];
}

/** How a journal is opened here. */
export interface Opening extends JournalOptions {
  durability?: Exclude<Durability, "memory">;
  files?: WriterFiles;
  readerFiles?: ReaderFiles;
  tuning?: Partial<JournalTuning>;
  onChange?: () => void;
}

export function openJournal(dir: string, opening: Opening = {}): OpenedJournal {
  const { durability = "process", files, readerFiles, tuning, ...rest } = opening;
  const { onChange = () => {}, ...options } = rest;
  const clock = createClock();
  const gone: Gone[] = [];
  const journal = new Journal({ ...journalDefaults, ...options, dir }, durability, {
    clock,
    onChange,
    onGone: (more) => gone.push(more),
    ...(files && { files }),
    ...(readerFiles && { readerFiles }),
    ...(tuning && { tuning }),
  });
  journal.start();
  return { journal, clock, gone };
}

/** What the next process finds in a journal. */
export interface Recovered {
  records: ReadableLogRecord[];
  /** Sequences of the records, in the order in which they were handed out. */
  sequences: number[];
  gone: Gone[];
  diagnostics: Diagnostic[];
}

/** Opens a journal as the next process does, reads all of it, and closes it; nothing is confirmed. */
export function recover(dir: string): Recovered {
  const diagnostics: Diagnostic[] = [];
  getSlot().diagnostics.clear();
  getSlot().onDiagnostic = (diagnostic) => diagnostics.push(diagnostic);
  const { journal, gone } = openJournal(dir);
  const records: ReadableLogRecord[] = [];
  while (journal.unread > 0) records.push(...journal.read(100).map(({ record }) => record));
  journal.close();
  return { records, sequences: records.map(sequenceOf), gone, diagnostics };
}

export function sequenceOf({ attributes: values }: ReadableLogRecord): number {
  return Number(values[attributes.sequence]);
}
