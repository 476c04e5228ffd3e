import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { AuthlogError } from "../../errors.ts";
import { resolveConfig } from "../../setup/config.ts";
import { exitCodes, jsonLine, type Terminal } from "../terminal.ts";
import type { Check } from "./check.ts";
import { configurationChecks } from "./configuration-checks.ts";
import { deliveryChecks } from "./delivery-checks.ts";
import { destinationChecks } from "./destination-checks.ts";
import { type AppEnvironment, readAppEnvironment } from "./env-files.ts";
import { environmentChecks } from "./environment-checks.ts";
import { journalChecks } from "./journal-checks.ts";
import { probeDestination } from "./probe.ts";
import { readApp } from "./read-app.ts";
import { type AppStateFinding, readAppState } from "./read-app-state.ts";
import { readJournal } from "./read-journal.ts";
import { type Report, reportLines } from "./report-lines.ts";
import { settingsOf } from "./settings.ts";
import { wiringChecks } from "./wiring-checks.ts";

/** What `authlog doctor --help` prints. */
export const doctorHelp = `Usage: authlog doctor [--dir <folder>] [--no-write] [--json]

Looks at an app's environment, wiring, configuration, journal and destination, and says what to fix.
Reads what the app said of itself when it ran (.authlog/app.json), packages and .env files, sends one
event, authlog.doctor, to the destination, where it stays, and reads it back. Checks what holds in the mode
of the app that runs, or else in development; NODE_ENV=production asks for production. Exits with 1
if there is a fault.

  --dir <folder>  the app's folder  (default: this one)
  --no-write      send no event
                  (read back with AUTHLOG_READ_TOKEN, or the ledger's own token)
  --json          one JSON object: {"ok", "folder", "checks": [{"id", "status", …}], "settings"}`;

/** How long the destination may take for each question. */
const timeoutMillis = 5_000;

/** Runs `authlog doctor`. Returns the exit code: 1 where a check failed. */
export async function doctor(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      dir: { type: "string", default: "." },
      write: { type: "boolean", default: true },
      json: { type: "boolean", default: false },
    },
  });
  const folder = folderOf(values.dir);
  const finding = readAppState(folder);
  const environment = readAppEnvironment(folder, { ...modeOf(finding), ...terminal.env });
  const examined = await examine(folder, environment, finding, values.write);
  const report = withoutSecrets(examined, environment);
  const ok = report.checks.every(({ status }) => status !== "fail");
  if (values.json) terminal.out(jsonLine({ ok, ...report }));
  else for (const line of reportLines(report, terminal.color)) terminal.out(line);
  return ok ? exitCodes.ok : exitCodes.fault;
}

/** Of an app that runs in production, what holds in development says nothing. */
const modeOf = (finding: AppStateFinding): Readonly<Record<string, string>> =>
  finding.kind === "found" && finding.running && finding.state.production
    ? { NODE_ENV: "production" }
    : {};

async function examine(
  folder: string,
  { values, files }: AppEnvironment,
  finding: AppStateFinding,
  write: boolean,
): Promise<Report> {
  const app = readApp(folder);
  const config = resolveConfig({}, values);
  const settings = finding.kind === "found" ? finding.state.settings : [];
  const destination = await probeDestination({
    config,
    ledgerPath: resolve(folder, config.ledgerPath.value ?? join(".authlog", "ledger.db")),
    readToken: values["AUTHLOG_READ_TOKEN"] || undefined,
    tokenInCode: settings.some(({ name, source }) => name === "token" && source === "code"),
    write,
    timeoutMillis,
  });
  const journal = readJournal(folder, config);
  const nowMillis = Date.now();
  const checks: Check[] = [
    ...environmentChecks(app, process.versions.node, config.tracing.value),
    // Switched off, register does nothing that could be seen.
    ...(config.enabled.value ? wiringChecks(app, finding, nowMillis) : []),
    ...configurationChecks(app, config, finding),
    ...journalChecks(journal, config, nowMillis),
    ...destinationChecks(destination, config.durability.value),
    ...deliveryChecks(finding, journal, destination, nowMillis),
  ];
  return { folder, checks, settings: settingsOf(config, files) };
}

const secretNames = ["PANGEA_TOKEN", "AUTHLOG_READ_TOKEN", "AUTHLOG_PSEUDONYM_KEY", "AUTH_SECRET"];

/** A last look: no check shows a secret, but a receiver may repeat the one that it was sent. */
function withoutSecrets(report: Report, { values }: AppEnvironment): Report {
  const secrets = secretNames.map((name) => values[name]).filter((text) => text !== undefined);
  const clean = (_: string, value: unknown): unknown =>
    typeof value === "string"
      ? secrets
          .filter((secret) => secret.length >= 4)
          .reduce((text, secret) => text.replaceAll(secret, "[secret]"), value)
      : value;
  return JSON.parse(JSON.stringify(report, clean)) as Report;
}

function folderOf(dir: string): string {
  const folder = resolve(dir);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return folder;
  throw new AuthlogError("ERR_AUTHLOG_USAGE", {
    message: `There is no folder ${folder}.`,
    why: "--dir has to name the folder of an app.",
    fix: "Give the folder in which the app's package.json lies.",
  });
}
