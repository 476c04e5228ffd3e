import { AsyncLocalStorage } from "node:async_hooks";
import { expect, it, onTestFinished } from "vitest";
import { wrapServerAction } from "../../../src/capture/auth-js/server-actions.ts";
import { authJs } from "../../../src/capture/auth-js/framework.ts";
import { type CaptureSettings, getSlot } from "../../../src/slot.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

it("a server action whose request cannot be read runs as it is, and it is reported", async () => {
  Object.assign(globalThis, { AsyncLocalStorage });
  onTestFinished(() => void Reflect.deleteProperty(globalThis, "AsyncLocalStorage"));
  const { workAsyncStorage: works } =
    await import("next/dist/server/app-render/work-async-storage.external.js");
  const { workUnitAsyncStorage: units } =
    await import("next/dist/server/app-render/work-unit-async-storage.external.js");
  getSlot().capture = {
    get clientAddress(): never {
      throw new Error("hostile");
    },
  } as Partial<CaptureSettings> as CaptureSettings;
  const signIn = wrapServerAction(
    "auth.sign_in",
    function own(this: unknown, ...args: unknown[]) {
      return [this, ...args];
    },
    { framework: authJs, providers: new Map() },
  );
  const owner = {};
  const unit = { type: "request", phase: "action", headers: new Headers() };
  const answer: unknown = await works.run({ route: "/" } as never, () =>
    units.run(unit as never, () => signIn.call(owner, "credentials", { email: "a" })),
  );
  expect(answer).toEqual([owner, "credentials", { email: "a" }]);
  expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_CAPTURE_FAILED"]);
});
