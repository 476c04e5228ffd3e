import { type Context, context, createContextKey } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { LoggerProvider, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { untraced } from "../../../src/pangea/untraced.ts";

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});

afterEach(() => context.disable());

/** The context in which the SDK itself calls an exporter, to keep it out of the traces. */
function contextOfSdkExport(): Promise<Context> {
  return new Promise((resolve) => {
    const exporter = {
      export: (_records: unknown, done: (result: { code: number }) => void) => {
        resolve(context.active());
        done({ code: 0 });
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    const processors = [new SimpleLogRecordProcessor({ exporter })];
    new LoggerProvider({ processors }).getLogger("app").emit({ body: "any" });
  });
}

it("a call is marked as the SDK marks its own exports, also after it awaited", async () => {
  const mark = createContextKey("OpenTelemetry SDK Context Key SUPPRESS_TRACING");
  const exporting = await contextOfSdkExport();
  const later = await untraced(async () => {
    await Promise.resolve();
    return context.active();
  });
  expect([exporting, later, context.active()].map((at) => at.getValue(mark))).toEqual([
    true,
    true,
    undefined,
  ]);
});
