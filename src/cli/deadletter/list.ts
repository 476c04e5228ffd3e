import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { LetterLine, StoredLetter } from "../../delivery/letter-lines.ts";
import { letterSources, linesOf } from "../../delivery/letter-sources.ts";
import { plural } from "../../delivery/plural.ts";
import { attributes } from "../../vocabulary.ts";
import { readCommandConfig } from "../command-config.ts";
import { exitCodes, jsonLine, plain, style, type Terminal } from "../terminal.ts";
import { assertFile } from "./assert-file.ts";

/** Runs `authlog deadletter list`: when, which code, which event, who. Returns the exit code. */
export async function list(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { path: { type: "string" }, json: { type: "boolean", default: false } },
  });
  const { config } = readCommandConfig(terminal.env);
  const path = resolve(values.path ?? config.deadLetterPath.value);
  assertFile(path);
  const count = { letters: 0, unreadable: 0 };
  for (const source of letterSources(path)) {
    let lastNumber = 0;
    for (const line of linesOf(source)) {
      // A line that is too long comes in pieces.
      if (line.number === lastNumber) continue;
      lastNumber = line.number;
      count[line.letter === undefined ? "unreadable" : "letters"] += 1;
      terminal.out(values.json ? toJson(source.path, line) : toText(source.path, line, terminal));
    }
  }
  if (values.json) terminal.out(jsonLine({ type: "summary", path, ...count }));
  else
    terminal.out(count.letters + count.unreadable === 0 ? noLetters(path) : summary(path, count));
  return count.unreadable > 0 ? exitCodes.fault : exitCodes.ok;
}

function toJson(file: string, { number: line, letter }: LetterLine): string {
  if (letter === undefined) return jsonLine({ type: "unreadable", file, line });
  const { at, code, why, record } = letter;
  return jsonLine({
    type: "letter",
    file,
    line,
    at,
    code,
    why,
    event: record.eventName ?? null,
    who: whoOf(letter) ?? null,
    uid: textOf(letter, attributes.recordUid) ?? null,
  });
}

function toText(file: string, { number, letter }: LetterLine, { color }: Terminal): string {
  if (letter === undefined) {
    const what = `line ${number} of ${plain(file, 300)} is no dead letter; it is kept`;
    return style("yellow", `! ${what}`, color);
  }
  const { at, code, why, record } = letter;
  const when = plain(at, 24).slice(0, 19).replace("T", " ").padEnd(19);
  const event = plain(record.eventName ?? "–", 32).padEnd(20);
  const who = plain(whoOf(letter) ?? "anonymous", 64);
  const reason = style("dim", `    ${plain(why, 300)}`, color);
  return `${style("dim", when, color)}  ${style("red", plain(code, 48), color)} ${style("bold", event, color)} ${who}\n${reason}`;
}

function whoOf(letter: StoredLetter): string | undefined {
  const names = [attributes.userEmail, attributes.userId, attributes.attemptedIdentifier];
  return names.map((name) => textOf(letter, name)).find((text) => text !== undefined);
}

function textOf({ record }: StoredLetter, name: string): string | undefined {
  const value = record.attributes[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function summary(
  path: string,
  { letters, unreadable }: { letters: number; unreadable: number },
): string {
  const others = unreadable > 0 ? `, ${unreadable} unreadable` : "";
  return `${plural(letters, "dead letter")}${others} in ${plain(path, 300)}`;
}

/** What is said where there are none. */
export function noLetters(path: string): string {
  return `No dead letters in ${plain(path, 300)}`;
}
