import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lazy } from "./fixtures/lazy.ts";
import { builtApp, type BuiltApp } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { type RunningApp, startApp } from "./support/running-app.ts";
import { settledEvents } from "./support/settled-events.ts";
import { temporaryLedger, type TemporaryLedger } from "./support/temporary-ledger.ts";
import { newTrace } from "./support/trace.ts";

const ann = "ann@example.com";
const rename = (by: FormClient) => (headers: Record<string, string>) =>
  by.submit("/rename", { name: "Ann" }, headers);

const rejected = { action: "auth.session.reject", status: "failure:token_invalid" };

describe("an app whose configuration is made for each request", () => {
  let built: BuiltApp;
  let ledger: TemporaryLedger;
  let app: RunningApp;

  beforeAll(async () => {
    built = await builtApp("turbopack", lazy);
    ledger = await temporaryLedger();
    app = await startApp(built, ledger.settings);
  });

  afterAll(async () => {
    await app?.stop();
    await ledger?.[Symbol.asyncDispose]();
  });

  /** What was recorded in the trace that an act was given. */
  async function eventsOf(
    act: (headers: Record<string, string>) => Promise<unknown>,
    of: RunningApp = app,
  ) {
    const { traceId, headers } = newTrace();
    await act(headers);
    return settledEvents(of, ledger, traceId);
  }

  function forged(url = app.url): FormClient {
    const client = new FormClient(url);
    client.cookies.set("authjs.session-token", "forged");
    return client;
  }

  it("tells each attempt through its handler once", async () => {
    const client = new FormClient(app.url);
    expect(await eventsOf((headers) => client.signIn(ann, "wrong", headers))).toMatchObject([
      { action: "auth.sign_in", status: "failure:invalid_credentials", target: ann },
    ]);
    expect(await eventsOf((headers) => client.signIn(ann, "right", headers))).toMatchObject([
      { action: "auth.sign_in", status: "success", actor: ann },
    ]);
    expect(await eventsOf((headers) => client.signOut(headers))).toMatchObject([
      { action: "auth.sign_out", status: "success", actor: ann },
    ]);
  });

  it("tells each attempt through a server action once", async () => {
    const client = new FormClient(app.url);
    const enter = (password: string) => (headers: Record<string, string>) =>
      client.submit("/enter", { email: ann, password }, headers);
    expect(await eventsOf(enter("wrong"))).toMatchObject([
      { action: "auth.sign_in", status: "failure:invalid_credentials", target: ann },
    ]);
    expect(await eventsOf(enter("right"))).toMatchObject([
      { action: "auth.sign_in", status: "success", actor: ann },
    ]);
    expect(await eventsOf((headers) => client.submit("/leave", {}, headers))).toMatchObject([
      { action: "auth.sign_out", status: "success", actor: ann },
    ]);
  });

  it("tells a forged session once, though its layout and its page both read it", async () => {
    expect(await eventsOf((headers) => forged().open("/", headers))).toMatchObject([rejected]);
  });

  it.each(["/wrapped", "/behind-proxy"])("tells a forged session at %s once", async (path) => {
    expect(await eventsOf((headers) => forged().open(path, headers))).toMatchObject([rejected]);
  });

  it("tells it again of a handler that reads it behind a proxy that did: they share no request", async () => {
    expect(await eventsOf((headers) => forged().open("/behind-proxy-too", headers))).toMatchObject([
      rejected,
      rejected,
    ]);
  });

  it("tells nothing of a session that is updated, and that a forged one was refused", async () => {
    const client = new FormClient(app.url);
    await client.signIn(ann, "right");
    expect(await eventsOf(rename(client))).toEqual([]);
    expect(await (await client.open("/")).text()).toContain("<header>Ann</header>");
    expect(await eventsOf(rename(forged()))).toMatchObject([rejected]);
  });

  it("tells an update as a reading of the session, where readings are told", async () => {
    await using telling = await startApp(built, { ...ledger.settings, AUTHLOG_SESSION_READ: "1" });
    const client = new FormClient(telling.url);
    await client.signIn(ann, "right");
    const events = await eventsOf(rename(client), telling);
    expect(new Set(events.map(({ action }) => action))).toEqual(new Set(["auth.session.read"]));
    expect(events[0]).toMatchObject({ actor: ann });
  });
});
