import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Check } from "../../../../src/cli/doctor/check.ts";
import { configurationChecks } from "../../../../src/cli/doctor/configuration-checks.ts";
import { deliveryChecks } from "../../../../src/cli/doctor/delivery-checks.ts";
import { destinationChecks } from "../../../../src/cli/doctor/destination-checks.ts";
import { environmentChecks } from "../../../../src/cli/doctor/environment-checks.ts";
import type { AppStateFinding } from "../../../../src/cli/doctor/read-app-state.ts";
import { reportLines } from "../../../../src/cli/doctor/report-lines.ts";
import { settingsOf } from "../../../../src/cli/doctor/settings.ts";
import { wiringChecks } from "../../../../src/cli/doctor/wiring-checks.ts";
import { AuthlogError } from "../../../../src/errors.ts";
import { resolveConfig } from "../../../../src/setup/config.ts";
import { appOf, found, journalOf, nowMillis, stateOf, usual } from "./app-of.ts";

const root = resolve(import.meta.dirname, "../../../..");
const url = "https://audit.example.com";

/** Every way in which a check can find fault. */
function everyFault(): Check[] {
  const nothing = appOf({});
  const old = appOf({
    ...usual,
    next: "13.0.0",
    "next-auth": "3.0.0",
    "@opentelemetry/api": "1.8.0",
    "@opentelemetry/sdk-logs": "2.0.0",
  });
  const odd = appOf({
    ...usual,
    next: "14.0.0",
    "@opentelemetry/api": "1.9.0",
    "@opentelemetry/sdk-node": "0.301.0",
  });
  const { wrapped: _, ...unwrapped } = stateOf({
    failed: { unixMillis: 0, code: "ERR_AUTHLOG_DELIVERY_RETRYABLE" },
  });
  const findings: AppStateFinding[] = [
    { kind: "missing" },
    { kind: "unreadable", path: "/app/.authlog/app.json", reason: "EACCES" },
    found({ wrapped: "options", provider: "app", takenBy: "sink", destination: { kind: "none" } }),
    { kind: "found", state: unwrapped, running: true },
    found({ settings: [{ name: "token", source: "code" }] }, false),
  ];
  const waiting = journalOf(3);
  const ledger = { kind: "ledger", path: "/app/.authlog/ledger.db" } as const;
  const roundTrips = [
    { proven: false, readBack: "no token" },
    { proven: true, readBack: "not found" },
    { proven: true, readBack: "refused" },
  ] as const;
  return [
    ...[
      nothing,
      old,
      odd,
      { ...nothing, isPackage: false },
      { ...odd, authlogApi: "1.10.0" },
    ].flatMap((app) => environmentChecks(app, "20.0.0")),
    ...findings.flatMap((finding) => [
      ...wiringChecks(old, finding, nowMillis),
      ...configurationChecks(
        nothing,
        resolveConfig({}, { AUTHLOG_ENABLED: "false", AUTHLOG_LEDGER_PORT: "x" }),
        finding,
      ),
      ...deliveryChecks(finding, waiting, ledger, nowMillis),
      ...deliveryChecks(finding, waiting, { kind: "none" }, nowMillis),
    ]),
    ...destinationChecks({ kind: "code" }),
    ...destinationChecks({ kind: "none" }),
    ...destinationChecks({ kind: "ledger", path: "/app/.authlog/ledger.db" }),
    ...destinationChecks({
      kind: "unusable",
      cause: new AuthlogError("ERR_AUTHLOG_INSECURE_URL", { message: "m", why: "w", fix: "f" }),
    }),
    ...destinationChecks({ kind: "remote", url, probe: { fault: "ENOTFOUND" } }),
    ...destinationChecks({
      kind: "remote",
      url,
      probe: { skewMillis: 90_000, answer: { httpStatus: 401 } },
    }),
    ...destinationChecks({ kind: "remote", url, probe: { answer: { httpStatus: 302 } } }),
    ...roundTrips.flatMap((roundTrip) =>
      destinationChecks({ kind: "remote", url, probe: { roundTrip } }),
    ),
  ];
}

function isCode(hint: string): boolean {
  try {
    return (
      /^(?:import|await|export (?:const|default|\{))/.test(hint) &&
      stripTypeScriptTypes(hint) !== ""
    );
  } catch {
    return false;
  }
}

const isCommand = (hint: string): boolean => spawnSync("sh", ["-n"], { input: hint }).status === 0;

const readme = readFileSync(join(root, "README.md"), "utf8");

/** Whether a link leads to a heading, or to an anchor, of a page of ours. */
function hasSection(link: string): boolean {
  const [page = "", anchor] = link.replace("node_modules/authlog/", "").split("#");
  const text = readFileSync(join(root, page), "utf8");
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
  return headings.includes(anchor ?? "");
}

const whyOf = (durability: "process" | "memory"): string | undefined =>
  destinationChecks({ kind: "none" }, durability)[0]?.why;

describe("what the doctor says", () => {
  it("tells where events wait while there is no token", () => {
    expect(whyOf("process")).toMatch(/^Events wait in the journal\./);
    expect(whyOf("memory")).toMatch(/^Events wait in memory\./);
  });

  it("has a mend for each fault, or names the code that has one", () => {
    const without = everyFault().filter(
      ({ status, hint, link }) => status === "fail" && !hint && !link,
    );
    expect(without).toEqual([]);
  });

  it("can be pasted: each hint is a command of a shell, or code", () => {
    const hints = new Set(everyFault().flatMap(({ hint }) => hint ?? []));
    expect(hints.size).toBeGreaterThan(20);
    expect([...hints].filter((hint) => !isCode(hint) && !isCommand(hint))).toEqual([]);
  });

  it("links to sections that the package has", () => {
    const links = new Set(everyFault().flatMap(({ link }) => link ?? []));
    expect(links.size).toBeGreaterThan(5);
    expect([...links].filter((link) => !hasSection(link))).toEqual([]);
  });

  it("is a line for what is in order, and why, mend and link for what is not", () => {
    const checks: Check[] = [
      { id: "environment.node", status: "ok", what: "Node 24.1.0", why: "Not shown." },
      {
        id: "destination.reach",
        status: "fail",
        what: "Down.",
        why: "It is.",
        hint: "one\ntwo",
        link: "x#y",
      },
    ];
    const settings = [
      { name: "token", value: "set, 12 characters", source: ".env.local" },
      { name: "enabled", value: true, source: "default" },
    ];
    expect(reportLines({ folder: "/app", checks, settings }, false)).toEqual([
      "authlog doctor /app",
      "",
      "Environment",
      "  ✓ Node 24.1.0",
      "",
      "Destination",
      "  ✗ Down.",
      "    It is.",
      "      one",
      "      two",
      "    x#y",
      "",
      "1 in order, 1 fault",
    ]);
    expect(reportLines({ folder: "/app", checks, settings }, true)).toContain(
      "  \u001b[31m✗\u001b[0m Down.",
    );
  });

  it("shows settings that were set, and where, and no default", () => {
    const checks: Check[] = [{ id: "configuration.values", status: "ok", what: "Fine.", why: "" }];
    const settings = [
      { name: "token", value: "set, 12 characters", source: ".env.local" },
      { name: "enabled", value: true, source: "default" },
    ];
    expect(reportLines({ folder: "/app", checks, settings }, false).slice(4, 6)).toEqual([
      "    token  set, 12 characters  .env.local",
      "    1 other setting with the default value",
    ]);
    expect(
      reportLines({ folder: "/app", checks, settings: settings.slice(1) }, false).slice(4, 5),
    ).toEqual(["    1 setting with the default value"]);
  });

  it("lets no value act on the terminal", () => {
    const hostile = "\u001b[2J\u009b31m\u202e";
    const checks: Check[] = [
      { id: "wiring.x", status: "fail", what: hostile, why: hostile, hint: hostile },
    ];
    const lines = reportLines({ folder: hostile, checks, settings: [] }, false);
    expect(lines.join("")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe("settings", () => {
  it("are told with their source, and no secret in any of them", () => {
    const secret = "pts_a-secret-of-tests";
    const env = {
      PANGEA_TOKEN: secret,
      AUTHLOG_PSEUDONYM_KEY: `k1:${"ab".repeat(16)}`,
      PANGEA_BASE_URL_TEMPLATE: `https://user:${secret}@audit.example.com/x?key=${secret}`,
      OTEL_BLRP_SCHEDULE_DELAY: "20",
    };
    const settings = settingsOf(resolveConfig({}, env), new Map([["PANGEA_TOKEN", ".env.local"]]));
    expect(settings).toEqual(
      expect.arrayContaining([
        { name: "token", value: "set, 21 characters", source: ".env.local" },
        { name: "baseUrlTemplate", value: "https://audit.example.com/x", source: "environment" },
        { name: "batch.scheduledDelayMillis", value: 20, source: "environment" },
        { name: "batch.maxQueueSize", value: 2048, source: "default" },
      ]),
    );
    expect(JSON.stringify(settings)).not.toMatch(/pts_|abab/);
  });

  it("name the file that they stand in, each that the README has", () => {
    const [, table = ""] = /^\| option \| environment(.*?)\n\n/ms.exec(readme) ?? [];
    const variables = [...table.matchAll(/`((?:AUTHLOG|PANGEA|OTEL)_[A-Z_]+)`/g)].map(
      ([, name = ""]) => name,
    );
    // Each can be one of these.
    const numbers = ["5", "4096", "2097152", "0.5"];
    const names = ["true", "user.email", "tutorial", "disk", "drop-oldest"];
    const values = [...numbers, ...names, `k1:${"ab".repeat(16)}`];
    const told = variables.filter((variable) =>
      values.some((value) => {
        const config = resolveConfig({}, { [variable]: value });
        const settings = settingsOf(config, new Map([[variable, ".env"]]));
        return settings.some(({ source }) => source === ".env");
      }),
    );
    expect(told.length).toBeGreaterThan(20);
    expect(told).toEqual(variables);
  });
});
