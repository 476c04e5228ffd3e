import Credentials from "@auth/core/providers/credentials";
import { expect, it } from "vitest";
import { standardSchema } from "../../../src/audit-schema/standard.ts";
import { canonicalJson } from "../../../src/canonical/canonical-json.ts";
import { audit } from "../../../src/capture/audit.ts";
import { withAudit } from "../../../src/capture/with-audit.ts";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import { pseudonymsOf } from "../../../src/setup/pseudonyms-of.ts";
import type { AuthLogRecord } from "../../../src/slot.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
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

/** Everything that points at a person, or at what they acted on. */
const everything = {
  privacy: { ...privacy, pseudonymize: [...privacy.pseudonymize, "auth.target"] },
} as const;

const invoice = (): void => {
  const request = new Request("https://shop.example/api/invoices/4711/alice@example.com");
  const handler = withAudit(({ url }: Request) => Response.json({ url }, { status: 403 }), {
    name: "invoice.read",
    target: "invoice:4711",
    actor: alice,
  });
  handler(request);
  audit({ name: "invoice.pay", target: "invoice:4711", request });
};

it.each(["auth.target", "user.id", "auth.attempted.identifier", "url.path"] as const)(
  "with %s as a pseudonym, the path of an event of the app's own is one too",
  (attribute) => {
    const own = { privacy: { ...privacy, pseudonymize: [attribute] } };
    installCaptureSettings(resolveConfig(own, {}));
    invoice();
    const path = "/api/invoices/4711/alice@example.com";
    expect(watched.records.map(({ attributes }) => attributes["url.path"])).toEqual([
      pseudonymsOf("url.path", path, own)[0],
      pseudonymsOf("url.path", path, own)[0],
    ]);
  },
);

it("with pseudonyms of everything, neither path nor sentence nor diagnostic holds what was acted on", () => {
  installCaptureSettings(resolveConfig(everything, {}));
  invoice();
  expect(watched.names()).toEqual(["invoice.read", "invoice.pay"]);
  const recorded = JSON.stringify([watched.records, watched.records.map(mapped)]);
  expect(recorded + JSON.stringify(watched.diagnostics)).not.toMatch(/4711|alice/i);
});

it("without a key, the path of an event of the app's own is left out with its target", () => {
  const { pseudonymize } = everything.privacy;
  installCaptureSettings(resolveConfig({ privacy: { pseudonymize } }, {}));
  invoice();
  expect(watched.last()).not.toHaveProperty("url.path");
  expect(JSON.stringify(watched.records)).not.toMatch(/4711|alice/i);
});

it("the path of NextAuth's own routes is recorded as it is: it holds nobody's name", async () => {
  installCaptureSettings(resolveConfig(everything, {}));
  await app().post("callback/credentials", { email: alice.email, password: "wrong" });
  expect(watched.last()["url.path"]).toBe("/api/auth/callback/credentials");
});

it.each([
  ["5", app],
  ["4", () => createApp4({ providers: [providers4.Credentials({}) as never] })],
] as const)(
  "with next-auth %s, what a client writes where a provider belongs is not recorded",
  async (_, create) => {
    await create().post("signin/alice@example.com");
    expect(watched.names()).toEqual(["auth.request.reject"]);
    expect(watched.last()["url.path"]).toBe("/api/auth/signin");
    expect(JSON.stringify(watched.records)).not.toContain("alice");
  },
);

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
