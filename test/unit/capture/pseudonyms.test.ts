import Credentials from "@auth/core/providers/credentials";
import { expect, it } from "vitest";
import { standardSchema } from "../../../src/audit-schema/standard.ts";
import { canonicalJson } from "../../../src/canonical/canonical-json.ts";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import { pseudonymsOf } from "../../../src/setup/pseudonyms-of.ts";
import type { AuthLogRecord } from "../../../src/slot.ts";
import { createApp } from "../../support/auth-js.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

const alice = { id: "user-7", email: "Alice@Example.com", name: "Alice Liddell" };
const app = () =>
  createApp({
    providers: [
      Credentials({
        authorize: ({ password }) => (password === "correct horse" ? alice : null),
      }),
    ],
  });
const headers = { "x-forwarded-for": "203.0.113.9", "user-agent": "a browser" };

/** What Pangea's standard schema makes of a record. */
function mapped({ attributes, ...record }: AuthLogRecord): Record<string, unknown> {
  const result = standardSchema.toEvent({ ...record, attributes }, { canonicalize: canonicalJson });
  return result.ok ? result.event : {};
}

const privacy = {
  pseudonymKey: `${"k".repeat(32)}:${"5e".repeat(16)}`,
  pseudonymize: [
    "user.id",
    "user.email",
    "user.full_name",
    "auth.attempted.identifier",
    "client.address",
    "user_agent.original",
  ],
} as const;

it("people who are to be told as pseudonyms are so everywhere: actor, target, source and sentence", async () => {
  installCaptureSettings(resolveConfig({ privacy }, {}));
  const client = app();
  await client.post("callback/credentials", { email: alice.email, password: "wrong" }, headers);
  await client.post(
    "callback/credentials",
    { email: alice.email, password: "correct horse" },
    headers,
  );
  const [person] = pseudonymsOf("user.email", alice.email, { privacy });
  const [user] = pseudonymsOf("user.id", alice.id, { privacy });
  const [address] = pseudonymsOf("client.address", "203.0.113.9", { privacy });
  expect(watched.records.map(mapped)).toMatchObject([
    {
      message: `${person} failed to sign in with credentials: invalid credentials`,
      actor: "anonymous",
      target: person,
      source: address,
    },
    {
      message: `${person} signed in with credentials`,
      actor: user,
      target: person,
      source: address,
    },
  ]);
  const told = JSON.stringify([watched.records, watched.records.map(mapped)]);
  expect(told).not.toMatch(/alice|liddell|user-7|203\.0|a browser/i);
  expect(told).not.toContain("authlog.truncated");
});

it("people who are to be told as pseudonyms are left out without a key", async () => {
  installCaptureSettings(resolveConfig({ privacy: { pseudonymize: privacy.pseudonymize } }, {}));
  const client = app();
  await client.post(
    "callback/credentials",
    { email: alice.email, password: "correct horse" },
    headers,
  );
  expect(watched.records.map(mapped)).toMatchObject([
    { message: "Somebody signed in with credentials", actor: "anonymous" },
  ]);
  expect(JSON.stringify(watched.records)).not.toMatch(/alice|liddell|user-7|203\.0/i);
});
