import { expect, it, vi } from "vitest";
import { emitEvent } from "../../../src/capture/emit-event.ts";
import { auditProcessor } from "../../../src/setup/processor.ts";
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
