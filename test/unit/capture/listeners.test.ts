import { expect, it } from "vitest";
import { authJs } from "../../../src/capture/auth-js/framework.ts";
import { onEvent } from "../../../src/capture/events.ts";
import { hookAdapter, hookLogger } from "../../../src/capture/listeners.ts";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import { flush } from "../../../src/telemetry/flush.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

it("a logger that is an instance of a class keeps its methods, and is called with what it was", () => {
  const said: unknown[] = [];
  class Logger {
    [name: string]: (...args: unknown[]) => void;
    error(...args: unknown[]): void {
      said.push("error", ...args);
    }
    warn(...args: unknown[]): void {
      said.push("warn", ...args);
    }
  }
  const hooked = hookLogger(new Logger(), { framework: authJs, providers: new Map() });
  const failure = new Error("no");
  hooked["error"]?.(failure);
  hooked["warn"]?.("debug-enabled");
  expect(said).toEqual(["error", failure, "warn", "debug-enabled"]);
  expect(hooked["debug"]).toBeUndefined();
});

it("a session that is refused, or read, is waited for by a flush while Next.js is asked", async () => {
  installCaptureSettings(resolveConfig({ sessionRead: 1 }, {}));
  const capture = { framework: authJs, providers: new Map() };
  const adapter = hookAdapter({ getSessionAndUser: () => null }, capture, []);
  await adapter["getSessionAndUser"]?.("token");
  onEvent["session"]?.({ session: { user: { id: "7" } } }, capture);
  expect(watched.records).toEqual([]);
  expect(await flush()).toBe(true);
  expect(watched.names().toSorted()).toEqual(["auth.session.read", "auth.session.reject"]);
});
