import type { ReadableLogRecord } from "../telemetry/exporter.ts";
import type { Position } from "./journal/journal-entry.ts";

/** A record that waits for its confirmation. */
export interface Kept {
  readonly record: ReadableLogRecord;
  /** Where the journal keeps it; none while it is in memory alone. */
  position?: Position | undefined;
  /** Whether a process that died may have delivered it. */
  readonly mayBeThere?: boolean;
  /** Whether an attempt with it ended without a clear answer, so that the receiver may have it. */
  unclear?: boolean;
}

/** Whether it survives the process. */
export function isOnDisk({ position }: Kept): boolean {
  return position?.lane.given === false;
}

/** Records that are sent together, from the first attempt until all of them are settled. */
export interface Batch {
  kept: readonly Kept[];
  /** Its age: no record in it came before this place among all that were ever accepted, from 1. */
  first: number;
  /** Attempts that failed in a row. */
  failures: number;
  /** How often it failed although the receiver had taken others since, most of them at once. */
  strikes: number;
  /** What the receiver had done when this one failed last, as a whole. */
  atFailure: Tally | undefined;
  /** Waits for a pause of its own, while others go on. */
  resting: boolean;
  /** Place of the one record that is sent alone this time, to see whether the receiver takes that. */
  probe: number | undefined;
}

/** What a receiver has done, ever. */
export interface Tally {
  /** Attempts that it took. */
  readonly taken: number;
  /** Those of them with a batch that it had not taken before. */
  readonly recovered: number;
}

/** What is known of a batch before its first attempt. */
export const untried = {
  failures: 0,
  strikes: 0,
  atFailure: undefined,
  resting: false,
  probe: undefined,
} as const;

/** The records of a batch under way that are sent. */
export function sentOf({ kept, probe }: Batch): readonly Kept[] {
  return probe === undefined ? kept : kept.slice(probe, probe + 1);
}

/** Strikes after which a batch is halved, to find the record at fault. */
export const strikesToSplit = 2;

/** Each half has one strike: the half without the fault is taken, and loses it. */
export function halvesOf({ kept, first, atFailure }: Batch): Batch[] {
  const middle = Math.ceil(kept.length / 2);
  const half = (from: number, to?: number): Batch => ({
    kept: kept.slice(from, to),
    first: first + from,
    ...untried,
    strikes: strikesToSplit - 1,
    atFailure,
  });
  return [half(0, middle), half(middle)];
}
