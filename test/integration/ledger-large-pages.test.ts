import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningLedger, startLedger } from "../../src/ledger-server/start-ledger.ts";

let folder: string;
let ledger: RunningLedger;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "authlog-pages-"));
  ledger = await startLedger({
    path: join(folder, "ledger.db"),
    port: 0,
    searchTimeoutMillis: 300,
    maxBodyBytes: 64 * 1_024 ** 2,
  });
  // Each byte takes six in JSON: about 590 kB an event, and 47 MB in all.
  const wide = "\u0001".repeat(32_766);
  const events = Array.from({ length: 80 }, () => ({
    event: { message: wide, new: wide, old: wide },
  }));
  await post("v2/log", { events });
});
afterAll(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly summary: string;
  readonly result: {
    readonly id: string;
    readonly count: number;
    readonly events: { readonly hash: string }[];
    readonly errors?: { readonly code: string }[];
  };
}

async function post(path: string, body: object): Promise<{ bytes: number; answer: Answer }> {
  const token = path.endsWith("log") ? ledger.token : ledger.readToken;
  const response = await fetch(`${ledger.url}/${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { bytes: text.length, answer: JSON.parse(text) as Answer };
}

describe("a search that finds more than an answer can hold", () => {
  it("gives a full page, the whole count, and the rest by pages", async () => {
    const first = await post("v1/search", { limit: 10_000 });
    const { id, count, events } = first.answer.result;
    expect(count).toBe(80);
    expect(first.bytes).toBeGreaterThan(32 * 1_024 ** 2);
    expect(first.bytes).toBeLessThan(34 * 1_024 ** 2);
    expect(first.answer.summary).toBe(
      `Found 80 record(s); the page is full, v1/results goes on at offset ${events.length}`,
    );
    const rest = await post("v1/results", { id, limit: 10_000, offset: events.length });
    expect(rest.answer.summary).toBe("Found 80 record(s)");
    const hashes = [...events, ...rest.answer.result.events].map(({ hash }) => hash);
    expect(hashes).toHaveLength(80);
  });

  it("is refused, with a code that is not tried again, when it takes too long", async () => {
    const query = Array.from({ length: 64 }, (_, at) => `-nowhere${at}`).join(" ");
    const { answer } = await post("v1/search", { query });
    expect(answer.result.errors).toMatchObject([{ code: "TookTooLong" }]);
    expect((await post("v1/search", { limit: 1 })).answer.result.count).toBe(80);
  });
});
