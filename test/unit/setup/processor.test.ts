import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { emitEvent } from "../../../src/capture/emit-event.ts";
import { auditProcessor } from "../../../src/setup/processor.ts";
import { registerNode } from "../../../src/setup/register.ts";
import { getSlot } from "../../../src/slot.ts";
import { foreignRecord } from "../../support/delivery.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

const signIn = (): void =>
  emitEvent({
    name: "auth.sign_in",
    timeUnixMillis: 0,
    framework: { name: "next-auth", version: "5" },
  });

it("a destination that would show the token takes no app down: the events wait, and it is said", async () => {
  const processor = auditProcessor({
    durability: "memory",
    pangea: { token: "pts_test", baseUrlTemplate: "http://audit.example.com" },
  });
  getSlot().sink = (record) => processor.take(record);
  signIn();
  await processor.forceFlush();
  expect(processor.depth).toBe(1);
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_INSECURE_URL"]);
  await processor.shutdown();
});

it("without a token the events wait, and it is said", async () => {
  const processor = auditProcessor({
    banner: false,
    durability: "memory",
    pangea: { token: () => "" },
  });
  getSlot().sink = (record) => processor.take(record);
  signIn();
  await processor.forceFlush();
  expect(processor.depth).toBe(1);
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_TOKEN_MISSING"]);
  await processor.shutdown();
});

it("each of several settings that cannot be used is named, and how it can be", async () => {
  vi.stubEnv("OTEL_BLRP_MAX_QUEUE_SIZE", "abc");
  vi.stubEnv("AUTHLOG_JOURNAL_ON_FULL", "x");
  vi.stubEnv("AUTHLOG_ENABLED", "maybe");
  const processor = auditProcessor({
    banner: false,
    durability: "memory",
    pangea: { token: "pts_test" },
  });
  vi.unstubAllEnvs();
  await processor.shutdown();
  expect(watched.diagnostics).toHaveLength(1);
  const [{ code, message, why, fix } = { code: "" }] = watched.diagnostics;
  expect(code).toBe("ERR_AUTHLOG_CONFIG_INVALID");
  for (const name of ["OTEL_BLRP_MAX_QUEUE_SIZE", "AUTHLOG_JOURNAL_ON_FULL", "AUTHLOG_ENABLED"]) {
    for (const text of [message, why, fix]) expect(text).toContain(name);
  }
  expect(fix).toContain("drop-newest, drop-oldest");
});

it("audits what `includes` says, and names one that is no function", async () => {
  const options = { durability: "memory", pangea: { token: () => "" } } as const;
  const processor = auditProcessor({
    ...options,
    includes: ({ eventName }) => eventName === "billing.refund",
  });
  for (const name of ["billing.refund", "http.request"]) processor.onEmit(foreignRecord(name));
  expect(processor.depth).toBe(1);
  await processor.shutdown();
  await auditProcessor({ ...options, includes: "billing" as never }).shutdown();
  expect(watched.diagnostics.map(({ message }) => message)).toContain(
    "includes cannot be used; authlog goes on without it.",
  );
});

const listeners = () => process.eventNames().map((name) => [name, process.listenerCount(name)]);

it("a processor that is shut down leaves no listener on the process, however many there were", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const before = listeners();
  for (let made = 0; made < 20; made += 1) {
    const processor = auditProcessor({ durability: "memory", pangea: { token: "pts_test" } });
    expect(listeners()).not.toEqual(before);
    await processor.shutdown();
  }
  expect(listeners()).toEqual(before);
  // Warnings are emitted in a later turn.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});

it("switched off, register and a processor make no file, listen to nothing and take nothing", async () => {
  const dir = mkdtempSync(join(tmpdir(), "authlog-off-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const before = listeners();
  vi.stubEnv("AUTHLOG_ENABLED", "false");
  const options = {
    pangea: { token: "pts_test" },
    journal: { dir: join(dir, "journal") },
    deadLetterPath: join(dir, "dead-letter.jsonl"),
    ledger: { path: join(dir, "ledger.db"), port: 0 },
  };
  await registerNode(options);
  const processor = auditProcessor(options);
  vi.unstubAllEnvs();
  signIn();
  processor.onEmit({} as never);
  await processor.forceFlush();
  expect(processor.depth).toBe(0);
  expect(listeners()).toEqual(before);
  expect([getSlot().enabled, getSlot().capture]).toEqual([false, undefined]);
  expect(readdirSync(dir)).toEqual([]);
  await processor.shutdown();
  expect(watched.records).toEqual([]);
  expect(watched.diagnostics).toEqual([]);
});

it("is on where the code says so, whatever the variable says", async () => {
  vi.stubEnv("AUTHLOG_ENABLED", "false");
  delete (globalThis as Record<symbol, unknown>)[Symbol.for("authlog.v1")];
  expect(getSlot().enabled).toBe(false);
  const options = { durability: "memory", pangea: { token: "pts_test" }, banner: false } as const;
  const processor = auditProcessor({ ...options, enabled: true });
  vi.unstubAllEnvs();
  expect(getSlot().enabled).toBe(true);
  await processor.shutdown();
});
