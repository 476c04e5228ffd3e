import { expect, it } from "vitest";
import { authJs } from "../../../src/capture/auth-js/framework.ts";
import { hookLogger } from "../../../src/capture/listeners.ts";

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
