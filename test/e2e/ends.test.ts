import { beforeAll, describe, expect, it } from "vitest";
import { pagesRouter } from "./fixtures/pages-router.ts";
import { builtApp, type BuiltApp } from "./support/built-app.ts";
import { FormClient } from "./support/form-client.ts";
import { heldProxy } from "./support/held-proxy.ts";
import { loopbackServer } from "./support/loopback-server.ts";
import { arrivedEvents, provenEvents } from "./support/proven-events.ts";
import { startApp } from "./support/running-app.ts";
import { temporaryLedger } from "./support/temporary-ledger.ts";
import { until } from "./support/until.ts";

/** Whatever arrives within a test did not wait for the batch to fill: somebody saw to it. */
const noHurry = { OTEL_BLRP_SCHEDULE_DELAY: "600000" };

describe("the end of a server of the app router", () => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await builtApp("turbopack");
  });

  it("a SIGTERM right after a sign-in: its event is in the log when the process is gone", async () => {
    await using ledger = await temporaryLedger();
    const app = await startApp(built, { ...ledger.settings, ...noHurry });
    await new FormClient(app.url).signIn("alice@example.com", "white-rabbit");
    await app.stop();
    expect(await provenEvents(ledger)).toMatchObject([
      { action: "auth.sign_in", status: "success" },
    ]);
    expect(app.output()).not.toContain("ERR_AUTHLOG");
  });

  it("of attempts that come together, one is held for all: none is lost to a SIGTERM", async () => {
    await using ledger = await temporaryLedger();
    const app = await startApp(built, { ...ledger.settings, ...noHurry });
    const names = Array.from({ length: 8 }, (_, n) => `ann${n}@example.com`);
    await Promise.all(names.map(async (name) => new FormClient(app.url).signIn(name, "wrong")));
    await app.stop();
    const targets = (await provenEvents(ledger)).map(({ target }) => target);
    expect(new Set(targets)).toEqual(new Set(names));
    expect(targets).toHaveLength(names.length);
  });

  it("a SIGTERM waits for a receiver that is slow", async () => {
    await using ledger = await temporaryLedger();
    await using proxy = await heldProxy(ledger.url);
    const app = await startApp(built, {
      ...ledger.settings,
      ...noHurry,
      PANGEA_BASE_URL_TEMPLATE: proxy.url,
    });
    await new FormClient(app.url).signIn("alice@example.com", "wrong");
    await until("a delivery to hang", () => (proxy.held() > 0 ? true : undefined));
    const order: string[] = [];
    const stopped = app.stop().then(() => order.push("gone"));
    setTimeout(() => order.push("released") && proxy.release(), 500);
    await stopped;
    expect(order).toEqual(["released", "gone"]);
    expect(await provenEvents(ledger)).toHaveLength(1);
  });

  it("and for one that hangs no longer than it was told to", async () => {
    await using hangs = await loopbackServer(() => undefined);
    const app = await startApp(built, {
      PANGEA_TOKEN: "pts_any",
      PANGEA_BASE_URL_TEMPLATE: hangs.url,
      AUTHLOG_REQUEST_END_TIMEOUT: "500",
    });
    await new FormClient(app.url).signIn("alice@example.com", "wrong");
    const began = performance.now();
    await app.stop();
    // One attempt may take 30 seconds.
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe("a route of the pages router", () => {
  let built: BuiltApp;

  beforeAll(async () => {
    built = await builtApp("turbopack", pagesRouter);
  });

  it("the build warns of nothing", () => {
    expect(built.buildOutput).not.toMatch(/authlog|warn|error/i);
  });

  it.each([
    ["on a platform with waitUntil, is delivered behind the answer", { TEST_PLATFORM: "1" }],
    ["told to wait, waits itself", { AUTHLOG_REQUEST_END_BLOCKS: "true" }],
  ])("%s", async (_, settings) => {
    await using ledger = await temporaryLedger();
    await using app = await startApp(built, {
      ...ledger.settings,
      ...noHurry,
      ...settings,
      NEXTAUTH_URL: "http://localhost:3000",
    });
    const client = new FormClient(app.url);
    expect(await client.signIn("ann@example.com", "wrong")).toContain("CredentialsSignin");
    expect(await arrivedEvents(ledger, 'action:"auth.sign_in"')).toMatchObject([
      { status: "failure:invalid_credentials", target: "ann@example.com" },
    ]);
    await until("the platform to be told", () =>
      app.output().includes("WAITED") === "TEST_PLATFORM" in settings ? true : undefined,
    );
  });

  it("with a signal handler of the app's own, which flushes, loses nothing to a SIGTERM", async () => {
    await using ledger = await temporaryLedger();
    const app = await startApp(built, {
      ...ledger.settings,
      ...noHurry,
      NEXT_MANUAL_SIG_HANDLE: "1",
      NEXTAUTH_URL: "http://localhost:3000",
    });
    await new FormClient(app.url).signIn("ann@example.com", "right");
    expect(await provenEvents(ledger)).toEqual([]);
    await app.stop();
    expect(await provenEvents(ledger)).toMatchObject([
      { action: "auth.sign_in", status: "success", actor: "ann@example.com" },
    ]);
  });
});
