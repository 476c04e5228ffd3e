import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { type AppSource, builtApp, type Bundler } from "./built-app.ts";
import { DemoPage, launchBrowser } from "./demo-page.ts";
import type { ProvenEvent } from "./proven-events.ts";
import { type RunningApp, startApp } from "./running-app.ts";
import { settledEvents } from "./settled-events.ts";
import { type SpanReceiver, spanReceiver } from "./span-receiver.ts";
import { temporaryLedger, type TemporaryLedger } from "./temporary-ledger.ts";

/** An example in production, with a ledger, a receiver of its spans, and a browser in front. */
export interface BrowsedApp {
  readonly app: RunningApp;
  readonly ledger: TemporaryLedger;
  readonly spans: SpanReceiver;
  /** Opens a page of the app as somebody new, and closes it when the visit ends. */
  visit<T>(path: string, visit: (visitor: DemoPage) => Promise<T>): Promise<T>;
  /** Every event of one trace. */
  eventsOf(traceId: string): Promise<ProvenEvent[]>;
}

/** Gives the tests of one `describe` an app, from before the first until after the last. */
export function browsedApp(bundler: Bundler, source: AppSource): BrowsedApp {
  let app: RunningApp;
  let ledger: TemporaryLedger;
  let spans: SpanReceiver;
  let browser: Browser;

  beforeAll(async () => {
    const built = await builtApp(bundler, source);
    ledger = await temporaryLedger();
    spans = await spanReceiver();
    app = await startApp(built, { ...ledger.settings, ...spans.settings });
    browser = await launchBrowser();
  });

  afterAll(async () => {
    await browser?.close();
    await app?.stop();
    await spans?.[Symbol.asyncDispose]();
    await ledger?.[Symbol.asyncDispose]();
  });

  return {
    get app() {
      return app;
    },
    get ledger() {
      return ledger;
    },
    get spans() {
      return spans;
    },
    async visit(path, visit) {
      const context = await browser.newContext();
      try {
        return await visit(new DemoPage(await context.newPage(), app.url + path));
      } finally {
        await context.close();
      }
    },
    eventsOf: (traceId) => settledEvents(app, ledger, traceId),
  };
}
