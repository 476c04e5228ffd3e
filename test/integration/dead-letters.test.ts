import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditService, PangeaConfig } from "pangea-node-sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { run } from "../../src/cli/run.ts";
import { deadLetterFile } from "../../src/delivery/dead-letter.ts";
import { letterLines } from "../../src/delivery/letter-lines.ts";
import { AuthlogError, type AuthlogErrorCode } from "../../src/errors.ts";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";
import type { ReadableLogRecord } from "../../src/telemetry/exporter.ts";
import { numberedRecord } from "../support/journal.ts";
import { openJournal } from "../support/recovery.ts";
import { watchSlot } from "../support/slot.ts";
import { type Recorded, terminal } from "../unit/cli/recorded-terminal.ts";
import { answer, envelope, type Reply } from "./pangea-receiver.ts";
import { receiverOf } from "./pangea-harness.ts";

watchSlot();

let folder: string;
let path: string;
let ledger: RunningLedger | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "authlog-deadletter-"));
  path = join(folder, "dead-letter.jsonl");
});
afterEach(async () => {
  await ledger?.close();
  ledger = undefined;
  rmSync(folder, { recursive: true });
});

async function write(...records: ReadableLogRecord[]): Promise<void> {
  const cause = new AuthlogError("ERR_AUTHLOG_DELIVERY_REJECTED", {
    message: "m",
    why: "It is \u001b[31mtoo long\u001b[0m.",
    fix: "f",
  });
  const letters = deadLetterFile({ path });
  letters.write(records.map((record) => ({ record, cause })));
  await letters.onDisk?.();
}

const lost: Reply = (_request, _response, socket) => void socket.destroy();

interface Ran extends Recorded {
  code: number;
  json: Record<string, unknown>[];
}

async function authlog(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  const io = terminal(env);
  const code = await run(args, io);
  const json = args.includes("--json")
    ? io.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    : [];
  return { ...io, code, json };
}

async function ledgerSettings(): Promise<Record<string, string>> {
  ledger = await startLedger({ path: join(folder, "ledger.db"), port: 0 });
  return { PANGEA_TOKEN: ledger.token, PANGEA_BASE_URL_TEMPLATE: ledger.url };
}

describe("authlog deadletter list", () => {
  it("shows when, which code, which event, who and why; nothing in it steers a terminal", async () => {
    const named = numberedRecord(1);
    await write(named, { ...named, eventName: "auth.\u001b[2Jsign_out", attributes: {} });
    const { code, lines, errors } = await authlog({}, "deadletter", "list", "--path", path);
    const text = lines.join("\n");
    expect([code, errors]).toEqual([0, []]);
    expect(text).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}ERR_AUTHLOG_DELIVERY_REJECTED +auth\.sign_in +alice@example\.com\n +It is too long\.$/m,
    );
    expect(text).toContain(`2 dead letters in ${path}`);
    expect(text).not.toContain("\u001b");
  });

  it("tells lines that are none by their number, and exits with 1", async () => {
    await write(numberedRecord(1));
    appendFileSync(path, "\u001b[2J\n[]\n");
    const { code, json } = await authlog(
      { AUTHLOG_DEAD_LETTER_PATH: path },
      "deadletter",
      "list",
      "--json",
    );
    expect(code).toBe(1);
    expect(json).toMatchObject([
      { type: "letter", line: 1, event: "auth.sign_in", who: "alice@example.com", uid: "uid-1" },
      { type: "unreadable", line: 2 },
      { type: "unreadable", line: 3 },
      { type: "summary", letters: 1, unreadable: 2 },
    ]);
  });

  it("shows those of a retry that was killed, too", async () => {
    await write(numberedRecord(1), numberedRecord(2));
    const [first = ""] = readFileSync(path, "utf8").split("\n");
    writeFileSync(`${path}.retrying`, readFileSync(path));
    writeFileSync(`${path}.retrying.done`, String(Buffer.byteLength(first) + 1));
    rmSync(path);
    const { json } = await authlog({}, "deadletter", "list", "--path", path, "--json");
    expect(json).toMatchObject([{ type: "letter", line: 2, uid: "uid-2" }, { letters: 1 }]);
    const [told] = (await authlog({ AUTHLOG_DEAD_LETTER_PATH: path }, "journal", "--json")).json;
    expect(told).toMatchObject({ deadLetters: 1 });
  });

  it("is content where there is no file", async () => {
    const { code, lines } = await authlog({}, "deadletter", "list", "--path", path);
    expect([code, lines]).toEqual([0, [`No dead letters in ${path}`]]);
  });
});

describe("authlog deadletter retry", () => {
  it("has the ledger take them, and takes them from the file", async () => {
    const env = await ledgerSettings();
    await write(numberedRecord(1), numberedRecord(2), numberedRecord(3));
    const { code, json } = await authlog(env, "deadletter", "retry", "--path", path, "--json");
    expect(json).toEqual([
      { type: "destination", destination: new URL(ledger?.url ?? "").host },
      { type: "summary", path, delivered: 3, rejected: 0, waiting: 0, unreadable: 0 },
    ]);
    expect([code, existsSync(path)]).toEqual([0, false]);
    const { url = "", readToken = "" } = ledger ?? {};
    const reader = new AuditService(readToken, new PangeaConfig({ baseUrlTemplate: url }));
    const { result } = await reader.search("", { limit: 10 }, { verifyConsistency: true });
    expect(result.count).toBe(3);
  });

  it("is content where there is no file, and asks no destination", async () => {
    const env = { PANGEA_TOKEN: "pts_canary", PANGEA_BASE_URL_TEMPLATE: "http://127.0.0.1:1" };
    const { code, lines } = await authlog(env, "deadletter", "retry", "--path", path);
    expect([code, lines]).toEqual([0, [`No dead letters in ${path}`]]);
    const { json } = await authlog(env, "deadletter", "retry", "--path", path, "--json");
    expect(json).toEqual([
      { type: "summary", path, delivered: 0, rejected: 0, waiting: 0, unreadable: 0 },
    ]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("asks a destination that takes nothing a few times, not for each letter", async () => {
    const { url, requests } = await receiverOf(
      ...Array.from({ length: 60 }, () => answer(500, "")),
    );
    const env = { PANGEA_TOKEN: "pts_canary", PANGEA_BASE_URL_TEMPLATE: url };
    await write(...Array.from({ length: 20 }, (_, index) => numberedRecord(index + 1)));
    const { code, lines } = await authlog(env, "deadletter", "retry", "--path", path);
    expect([code, lines.at(-1)]).toEqual([1, "0 delivered, 0 refused again, 20 not taken now"]);
    // One batch with its retries, its half, and three letters.
    expect(requests).toHaveLength(8);
    expect(requests.slice(-3).map(({ events }) => events.length)).toEqual([1, 1, 1]);
  });

  it("without a token, and outside production, goes to the embedded ledger, and ends", async () => {
    await (await startLedger({ path: join(folder, "own.db"), port: 0 })).close();
    await write(numberedRecord(1));
    const env = { AUTHLOG_LEDGER_PATH: join(folder, "own.db"), AUTHLOG_LEDGER_PORT: "0" };
    const { code, lines } = await authlog(env, "deadletter", "retry", "--path", path);
    expect([code, lines]).toEqual([
      0,
      [`Sends to ${join(folder, "own.db")}`, "1 delivered, 0 refused again"],
    ]);
  });

  it.each<Record<string, string>>([{}, { NODE_ENV: "production" }])(
    "without a token makes no ledger, sends nothing, and says what to mend: %j",
    async (env) => {
      await write(numberedRecord(1));
      const before = readFileSync(path, "utf8");
      const own = join(folder, "new", "own.db");
      const at = { ...env, AUTHLOG_LEDGER_PATH: own, AUTHLOG_LEDGER_PORT: "0" };
      const { code, lines, errors } = await authlog(at, "deadletter", "retry", "--path", path);
      expect([code, lines]).toEqual([2, []]);
      expect(errors.join("\n")).toMatch(/\[ERR_AUTHLOG_TOKEN_MISSING\]\n.*PANGEA_TOKEN/);
      expect(existsSync(join(folder, "new"))).toBe(false);
      expect(readFileSync(path, "utf8")).toBe(before);
    },
  );

  it("keeps what is refused again with the new reason, what is no letter, and exits with 1", async () => {
    const error = { code: "BadFormat", detail: "still too long", source: "/events/1/event/actor" };
    const refusal = envelope("ValidationError", { errors: [error] });
    const { url } = await receiverOf(answer(400, refusal));
    const env = { PANGEA_TOKEN: "pts_canary", PANGEA_BASE_URL_TEMPLATE: url };
    const said = `Sends to ${new URL(url).host}`;
    await write(numberedRecord(1), numberedRecord(2), numberedRecord(3));
    appendFileSync(path, "junk\n");
    const { code, lines, errors } = await authlog(env, "deadletter", "retry", "--path", path);
    expect([code, lines]).toEqual([1, [said, "2 delivered, 1 refused again, 1 unreadable"]]);
    expect(errors).toEqual(["line 4 is no dead letter; it is kept"]);
    const kept = readFileSync(path, "utf8").split("\n");
    expect(JSON.parse(kept[0] ?? "")).toMatchObject({
      code: "ERR_AUTHLOG_DELIVERY_REJECTED",
      why: expect.stringContaining("BadFormat"),
    });
    expect(kept.slice(1)).toEqual(["junk", ""]);
  });

  it("keeps everything where the destination cannot be used, says why, and not the token", async () => {
    const { url } = await receiverOf(...Array.from({ length: 5 }, () => answer(401, "")));
    const env = { PANGEA_TOKEN: "pts_canary", PANGEA_BASE_URL_TEMPLATE: url };
    const said = `Sends to ${new URL(url).host}`;
    await write(numberedRecord(1));
    const before = readFileSync(path, "utf8");
    const { code, lines, errors } = await authlog(env, "deadletter", "retry", "--path", path);
    expect([code, lines]).toEqual([1, [said, "0 delivered, 0 refused again, 1 not taken now"]]);
    expect(errors.join("\n")).toContain("ERR_AUTHLOG_DELIVERY_UNAUTHORIZED");
    expect(errors.join("\n")).not.toContain("pts_canary");
    expect(readFileSync(path, "utf8")).toBe(before);
  });

  it.each<[string, AuthlogErrorCode]>([
    ["was refused", "ERR_AUTHLOG_DELIVERY_REJECTED"],
    ["was given up", "ERR_AUTHLOG_DELIVERY_GIVEN_UP"],
  ])("looks up what %s, and was then sent without an answer", async (_, code) => {
    const busy = answer(503, envelope("ServiceBusy"), { "retry-after": "60" });
    const none = answer(200, envelope("Success", { id: "s", count: 0, events: [] }));
    const { url, requests } = await receiverOf(
      ...(code === "ERR_AUTHLOG_DELIVERY_GIVEN_UP" ? [none] : []),
      lost,
      none,
      busy,
      none,
    );
    const env = {
      PANGEA_TOKEN: "pts_canary",
      PANGEA_BASE_URL_TEMPLATE: url,
      AUTHLOG_FIND_BEFORE_RESEND: "true",
    };
    const cause = new AuthlogError(code, { message: "m", why: "w", fix: "f" });
    deadLetterFile({ path }).write([{ record: numberedRecord(1), cause }]);
    const retry = ["deadletter", "retry", "--path", path] as const;
    expect((await authlog(env, ...retry)).code).toBe(1);
    expect((await authlog(env, ...retry)).code).toBe(0);
    const paths = requests.map((request) => request.path).join(" ");
    // What is sent after a doubt is looked up each time, by the next command too.
    expect(paths).toMatch(/^(\/v1\/search )?\/v2\/log( \/v1\/search \/v2\/log){2}$/);
    expect(paths.startsWith("/v1/search")).toBe(code === "ERR_AUTHLOG_DELIVERY_GIVEN_UP");
  });

  it("that is stopped while a batch is under way keeps what it knows of it", async () => {
    const error = { code: "BadFormat", detail: "too long", source: "/events/0/event/actor" };
    const arrived = Promise.withResolvers<void>();
    const { url } = await receiverOf(
      answer(400, envelope("ValidationError", { errors: [error] })),
      // Never answers.
      () => arrived.resolve(),
    );
    const io = terminal({ PANGEA_TOKEN: "pts_canary", PANGEA_BASE_URL_TEMPLATE: url });
    void arrived.promise.then(io.stop);
    await write(numberedRecord(1), numberedRecord(2));
    expect(await run(["deadletter", "retry", "--path", path], io)).toBe(1);
    expect(io.lines.at(-1)).toBe("0 delivered, 1 refused again, 1 not taken now");
    const [first, second] = [...letterLines(path)].map(({ letter }) => letter);
    expect(first).toMatchObject({ why: expect.stringContaining("BadFormat"), unclear: false });
    expect(second).toMatchObject({ unclear: true });
  });

  it("that is stopped while it waits for a Retry-After ends at once", async () => {
    const io = terminal();
    const { url } = await receiverOf((_request, response) => {
      response.writeHead(503, { "retry-after": "20" }).end();
      // The answer is read long before.
      setTimeout(io.stop, 300);
    });
    const env = { PANGEA_TOKEN: "pts_canary", PANGEA_BASE_URL_TEMPLATE: url };
    await write(numberedRecord(1));
    const begun = performance.now();
    expect(await run(["deadletter", "retry", "--path", path], { ...io, env })).toBe(1);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(io.errors.join("\n")).toContain("The command was stopped.");
    expect([...letterLines(path)].map(({ letter }) => letter?.unclear)).toEqual([true]);
  });

  it("that is stopped sends no more, and keeps what is left", async () => {
    const { url, requests } = await receiverOf();
    await write(numberedRecord(1));
    const io = terminal({ PANGEA_TOKEN: "pts_canary", PANGEA_BASE_URL_TEMPLATE: url });
    io.stop();
    expect(await run(["deadletter", "retry", "--path", path], io)).toBe(1);
    expect(requests).toEqual([]);
    expect(io.errors.join("\n")).toContain("The command was stopped.");
    expect(readFileSync(path, "utf8")).toContain("uid-1");
  });

  it.each([["deadletter"], ["deadletter", "lsit"], ["deadletter", "retry", "--all"]])(
    "%s %s %s is wrong usage",
    async (...args) => {
      const { code, errors } = await authlog({}, ...args);
      expect(code).toBe(2);
      expect(errors).not.toEqual([]);
    },
  );
});

describe.each(["list", "retry"])("authlog deadletter %s", (action) => {
  it("on a folder, or below a file, is wrong usage: nothing is told or sent", async () => {
    await write(numberedRecord(1));
    for (const [at, reason] of [
      [folder, "EISDIR"],
      [join(path, "below"), "ENOTDIR"],
    ] as const) {
      const given = await authlog({}, "deadletter", action, "--path", at);
      const env = { AUTHLOG_DEAD_LETTER_PATH: at, PANGEA_TOKEN: "pts_x" };
      const configured = await authlog(env, "deadletter", action, "--json");
      for (const { code, lines, errors } of [given, configured]) {
        expect([code, lines]).toEqual([2, []]);
        expect(errors[0]).toBe(`authlog: ${at} cannot be used (${reason}). [ERR_AUTHLOG_USAGE]`);
      }
    }
  });
});

describe("authlog journal", () => {
  it("shows what waits, for people and as JSON", async () => {
    const dir = join(folder, "journal");
    const { journal } = openJournal(dir);
    for (const n of [1, 2, 3]) journal.append(numberedRecord(n), "could", 1);
    await write(numberedRecord(4));
    const env = { AUTHLOG_DEAD_LETTER_PATH: path, AUTHLOG_JOURNAL_DIR: dir };

    const { code, json } = await authlog(env, "journal", "--json");
    expect(code).toBe(0);
    expect(json).toMatchObject([
      { dir, deadLetters: 1, damaged: [], lanes: [{ owner: "living", depth: 3 }] },
    ]);
    const { lines } = await authlog(env, "journal");
    expect(lines.join("\n")).toMatch(
      /a process lives that delivers it\n +3 events wait; the oldest/,
    );
    expect(lines.join("\n")).toContain("1 dead letter: npx authlog deadletter list");
    journal.close();
    expect((await authlog(env, "journal", "--dir", dir)).lines.join("\n")).toContain(
      "no process delivers it: the next process that keeps a journal here will",
    );
  });

  it("tells of each process when its own events were last confirmed, not what it delivered of others", async () => {
    const dir = join(folder, "journal");
    const opened = [openJournal(dir), openJournal(dir)];
    for (const { journal } of opened) journal.append(numberedRecord(1), "could", 1);
    const { lines } = await authlog({}, "journal", "--dir", dir);
    for (const { journal } of opened) journal.close();
    const text = lines.join("\n");
    expect(text.match(/; nothing of its own was confirmed yet;/g)).toHaveLength(2);
    expect(text).toMatch(/in all: 2 events wait; .*; nothing of their own was confirmed yet;/);
    expect(text).not.toContain("no delivery");
  });

  it("tells times in whole milliseconds, and none that is not known", async () => {
    const dir = join(folder, "journal");
    const { journal } = openJournal(dir);
    const appended = journal.append(numberedRecord(1), "could", 1);
    journal.append(numberedRecord(2), "could", 1);
    if (appended.status !== "kept") throw new Error(appended.status);
    const [unconfirmed] = (await authlog({}, "journal", "--dir", dir, "--json")).json;
    expect(unconfirmed?.["total"]).not.toHaveProperty("confirmedUnixMillis");
    journal.confirm([appended.position]);
    journal.close();
    const lane = readdirSync(dir).find((name) => name.length === 36) ?? "";
    utimesSync(join(dir, lane, "confirmed.jsonl"), 1_700_000_000.1239, 1_700_000_000.1239);
    const { json } = await authlog({}, "journal", "--dir", dir, "--json");
    const confirmedUnixMillis = 1_700_000_000_123;
    expect(json).toMatchObject([
      { lanes: [{ confirmedUnixMillis }], total: { confirmedUnixMillis } },
    ]);
    const [empty] = (await authlog({}, "journal", "--dir", join(dir, "none"), "--json")).json;
    expect(empty?.["total"]).toEqual({ segments: 0, bytes: 0, depth: 0 });
  });

  it.each(["a-file", "a-file/journal"])("on %s is wrong usage", async (name) => {
    writeFileSync(join(folder, "a-file"), "");
    const dir = join(folder, name);
    const given = await authlog({}, "journal", "--dir", dir);
    const configured = await authlog({ AUTHLOG_JOURNAL_DIR: dir }, "journal", "--json");
    for (const { code, lines, errors } of [given, configured]) {
      expect([code, lines]).toEqual([2, []]);
      expect(errors[0]).toBe(`authlog: ${dir} cannot be used (ENOTDIR). [ERR_AUTHLOG_USAGE]`);
    }
  });

  it("has nothing to show where there is none", async () => {
    const { code, lines } = await authlog({}, "journal", "--dir", join(folder, "none"));
    expect(code).toBe(0);
    expect(lines[1]).toContain("nothing was written here");
  });
});
