import { plural } from "../../delivery/plural.ts";
import { plain, style } from "../terminal.ts";
import { type Check, type CheckGroup, checkGroups, type CheckStatus } from "./check.ts";
import type { ShownSetting } from "./settings.ts";

/** What the doctor found, as it is shown, and as `--json` prints it. */
export interface Report {
  readonly folder: string;
  readonly checks: readonly Check[];
  readonly settings: readonly ShownSetting[];
}

const marks = { ok: "✓", warn: "!", fail: "✗", skip: "–" } as const;
const colors = { ok: "green", warn: "yellow", fail: "red", skip: "dim" } as const;
const titles: Readonly<Record<CheckGroup, string>> = {
  environment: "Environment",
  wiring: "Wiring",
  configuration: "Configuration",
  journal: "Journal",
  destination: "Destination",
};

/** A report for people. What is in order takes a line; what is not tells why, and the mend. */
export function reportLines({ folder, checks, settings }: Report, color: boolean): string[] {
  const lines = [`${style("bold", "authlog doctor", color)} ${plain(folder, 500)}`];
  for (const group of checkGroups) {
    const found = checks.filter(({ id }) => id.startsWith(`${group}.`));
    if (found.length === 0) continue;
    lines.push("", style("bold", titles[group], color));
    lines.push(...found.flatMap((check) => checkLines(check, color)));
    if (group === "configuration") lines.push(...settingLines(settings, color));
  }
  return [...lines, "", summary(checks, color)];
}

function checkLines({ status, what, why, hint, link }: Check, color: boolean): string[] {
  const mark = style(colors[status], marks[status], color);
  const first = `  ${mark} ${plain(what, 300)}`;
  if (status === "ok") return [first];
  const indent = " ".repeat(4);
  return [
    first,
    style("dim", `${indent}${plain(why, 500)}`, color),
    // A line of its own for each: what is pasted must not bring a mark with it.
    ...(hint?.split("\n").map((line) => `${indent}  ${style("bold", plain(line, 300), color)}`) ??
      []),
    ...(link === undefined ? [] : [style("dim", `${indent}${link}`, color)]),
  ];
}

/** Only what somebody has set: the defaults stand in the README. */
function settingLines(settings: readonly ShownSetting[], color: boolean): string[] {
  const set = settings.filter(({ source }) => source !== "default");
  const shown = set.map(({ value, ...rest }) => ({ ...rest, value: plain(String(value), 100) }));
  const width = (of: "name" | "value"): number =>
    Math.max(0, ...shown.map((row) => row[of].length));
  const rows = shown.map(({ name, value, source }) => {
    const columns = `    ${name.padEnd(width("name"))}  ${value.padEnd(width("value"))}  `;
    return `${columns}${style("dim", source, color)}`;
  });
  const rest = plural(settings.length - set.length, set.length > 0 ? "other setting" : "setting");
  const others = `    ${rest} with the default value`;
  return [...rows, style("dim", others, color)];
}

function summary(checks: readonly Check[], color: boolean): string {
  const count = (status: CheckStatus): number =>
    checks.filter((check) => check.status === status).length;
  const [faults, warnings] = [count("fail"), count("warn")];
  const parts = [
    style("green", `${count("ok")} in order`, color),
    ...(warnings > 0 ? [style("yellow", plural(warnings, "warning"), color)] : []),
    ...(faults > 0 ? [style("red", plural(faults, "fault"), color)] : []),
    ...(count("skip") > 0 ? [style("dim", `${count("skip")} not checked`, color)] : []),
  ];
  return parts.join(", ");
}
