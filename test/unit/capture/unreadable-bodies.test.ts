import Credentials from "@auth/core/providers/credentials";
import { describe, expect, it } from "vitest";
import { withAuthlog } from "../../../src/capture/with-authlog.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const { names, last, diagnostics, flushCounted } = watchSlot();

const paths = ["callback/credentials", "signin/credentials", "signout", "session"];

const rejected = {
  "auth.outcome": "failure",
  "auth.failure.reason": "unknown",
  "error.type": "UnreadableBody",
};

// In the pages router Next.js itself reads the body, and answers before next-auth is called.
describe("a body that is no JSON is a rejected request, and nobody's attempt", () => {
  it.each(paths)(
    "in the app router of next-auth 4, at %s, which throws as before",
    async (path) => {
      const provider = providers4.Credentials({ credentials: {}, authorize: () => null });
      const app = createApp4({ providers: [provider as never] }, "app");
      await expect(app.send("POST", path, { body: "{" })).rejects.toThrow(SyntaxError);
      flushCounted();
      expect(names()).toEqual(["auth.request.reject"]);
      expect(last()).toMatchObject(rejected);
    },
  );

  it.each(paths)("in next-auth 5, at %s", async (path) => {
    const app = createApp({ providers: [Credentials({ authorize: () => null })] });
    expect((await app.send("POST", path, { body: "{" })).status).toBe(400);
    flushCounted();
    expect(names()).toEqual(["auth.request.reject"]);
    expect(last()).toMatchObject(rejected);
  });
});

it("a body that its sender breaks off is no attempt in the app router of next-auth 4", async () => {
  const handler = withAuthlog((_options: object) => (request: Request, _context: object) => {
    return request.json();
  })({ providers: [] });
  const cause = new Error("aborted");
  const body = new ReadableStream({ start: (stream) => stream.error(cause) });
  const url = "http://localhost:3000/api/auth/callback/credentials";
  const signal = AbortSignal.abort();
  const request = new Request(url, { method: "POST", body, duplex: "half", signal } as RequestInit);
  const context = { params: { nextauth: ["callback", "credentials"] } };
  await expect(handler(request, context)).rejects.toBe(cause);
  flushCounted();
  expect(names()).toEqual(["auth.request.reject"]);
  expect(last()).toMatchObject(rejected);
});

it("a form that the app has read before is not read, and nothing complains", async () => {
  const answer = new Response("the app's own");
  const { handlers } = withAuthlog((_config: object) => ({
    handlers: { GET() {}, POST: (_request: Request) => Promise.resolve(answer) },
    signIn() {},
    signOut() {},
  }))({ providers: [], basePath: "/api/auth" });
  const url = "http://localhost:3000/api/auth/callback/apple";
  const request = new Request(url, { method: "POST", body: new URLSearchParams({ code: "1" }) });
  await request.text();
  expect(await handlers.POST(request)).toBe(answer);
  expect(diagnostics).toEqual([]);
});

const authorize = () => Promise.reject(new SyntaxError("secret detail"));

it("an authorize that cannot read something is a failed sign-in", async () => {
  const provider = providers4.Credentials({ credentials: {}, authorize });
  await createApp4({ providers: [provider as never] }, "app").post("callback/credentials");
  await createApp({ providers: [Credentials({ authorize })] }).post("callback/credentials");
  expect(names()).toEqual(["auth.sign_in", "auth.sign_in"]);
});
