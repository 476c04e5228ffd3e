import { resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  type JournalSummary,
  type LaneSummary,
  viewJournal,
} from "../../delivery/journal/journal-view.ts";
import { countLetters } from "../../delivery/letter-sources.ts";
import { plural } from "../../delivery/plural.ts";
import { readCommandConfig } from "../command-config.ts";
import { statOf } from "../stat-of.ts";
import { exitCodes, jsonLine, plain, style, type Terminal } from "../terminal.ts";
import { age, bytes } from "./units.ts";

/** What `authlog journal --help` prints. */
export const journalHelp = `Usage: authlog journal [--dir <folder>] [--json]

Shows what waits on the disk for its delivery: for each process that wrote, whether one lives that
delivers it, how many events wait, since when, and when a delivery of its own events was last
confirmed; damaged files that were kept, and dead letters. Changes nothing, and disturbs nobody who writes.

Reads the .env files that Next.js reads in this folder. Exits with 1 if damaged files are
kept, or if what one process wrote cannot be read; with 2 if it was called wrongly, or on a folder
that cannot be read.

  --dir <folder>  the journal's folder  (AUTHLOG_JOURNAL_DIR, default .authlog/journal)
  --json          one JSON object: {"dir", "lanes": [{"id", "owner", "depth", …}], "unread",
                  "damaged", "deadLetters", "total"}; times in whole milliseconds since 1970, sizes in bytes`;

/** Runs `authlog journal`. Returns the exit code. */
export async function journal(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { dir: { type: "string" }, json: { type: "boolean", default: false } },
  });
  const { config } = readCommandConfig(terminal.env);
  const dir = resolve(values.dir ?? config.journal.dir.value);
  // In a folder that is not there yet nothing waits; below a file there can be none.
  statOf(dir);
  const summary = viewJournal(dir);
  const deadLetters = countLetters(resolve(config.deadLetterPath.value));
  if (values.json) terminal.out(jsonLine(toJson(summary, deadLetters)));
  else {
    for (const line of lines(summary, deadLetters, Date.now(), terminal.color)) terminal.out(line);
  }
  return summary.damaged.length + summary.unread.length > 0 ? exitCodes.fault : exitCodes.ok;
}

function toJson({ lanes, total, ...rest }: JournalSummary, deadLetters: number): object {
  return { ...rest, lanes: lanes.map(withWholeTimes), total: withWholeTimes(total), deadLetters };
}

/** A file system tells times in parts of a millisecond. */
function withWholeTimes<T extends JournalSummary["total"]>(lane: T): T {
  const { confirmedUnixMillis } = lane;
  return confirmedUnixMillis === undefined
    ? lane
    : { ...lane, confirmedUnixMillis: Math.floor(confirmedUnixMillis) };
}

function lines(
  { dir, lanes, unread, damaged, total }: JournalSummary,
  deadLetters: number,
  nowMillis: number,
  color: boolean,
): string[] {
  return [
    `${style("bold", "authlog journal", color)} ${plain(dir, 500)}`,
    ...(lanes.length + unread.length === 0
      ? ["  nothing was written here, or all of it was delivered"]
      : []),
    ...lanes.flatMap((lane) => [
      `  ${lane.id}  ${ownerOf(lane, color)}`,
      `    ${stateOf(lane, "its", nowMillis)}`,
    ]),
    ...(lanes.length > 1 ? [`  in all: ${stateOf(total, "their", nowMillis)}`] : []),
    ...unread.map(({ path, reason }) =>
      style("yellow", `  cannot be read or taken over (${reason}): ${plain(path, 500)}`, color),
    ),
    ...damaged.map(({ path, bytes: size }) =>
      style("yellow", `  damaged, and kept: ${plain(path, 500)}, ${bytes(size)}`, color),
    ),
    ...(deadLetters > 0
      ? [
          style(
            "yellow",
            `  ${plural(deadLetters, "dead letter")}: npx authlog deadletter list`,
            color,
          ),
        ]
      : []),
  ];
}

function ownerOf({ owner, depth }: LaneSummary, color: boolean): string {
  if (owner === "living") return style("green", "a process lives that delivers it", color);
  return depth === 0
    ? style("dim", "its process has ended", color)
    : style(
        "yellow",
        "no process delivers it: the next process that keeps a journal here will",
        color,
      );
}

/**
 * How much waits, and when a delivery was last confirmed. What a process delivers of others' events is
 * on record with those: its own part tells nothing of it.
 */
function stateOf(lane: JournalSummary["total"], whose: "its" | "their", nowMillis: number): string {
  const { depth, oldestUnixMillis, confirmedUnixMillis } = lane;
  const parts = [
    `${plural(depth, "event")} wait${depth === 1 ? "s" : ""}`,
    ...(oldestUnixMillis === undefined
      ? []
      : [`the oldest for ${age(nowMillis - oldestUnixMillis)}`]),
    confirmedUnixMillis === undefined
      ? `nothing of ${whose} own was confirmed yet`
      : `last confirmed ${age(nowMillis - confirmedUnixMillis)} ago`,
    `${plural(lane.segments, "segment")}, ${bytes(lane.bytes)}`,
  ];
  return parts.join("; ");
}
