import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { core } from "@opentelemetry/sdk-node";
import { afterEach, beforeEach, expect, it } from "vitest";
import { untraced } from "../../../src/pangea/untraced.ts";

beforeEach(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});

afterEach(() => context.disable());

const suppressed = (): boolean => core.isTracingSuppressed(context.active());

it("the SDK's instrumentations leave an untraced call alone, also after it awaited", async () => {
  const later = await untraced(async () => {
    await Promise.resolve();
    return suppressed();
  });
  expect([untraced(suppressed), later, suppressed()]).toEqual([true, true, false]);
});
