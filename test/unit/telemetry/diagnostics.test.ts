import { expect, it, vi } from "vitest";
import { AuthlogError } from "../../../src/errors.ts";
import { getSlot } from "../../../src/slot.ts";
import { report } from "../../../src/telemetry/diagnostics.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

const full = new AuthlogError("ERR_AUTHLOG_QUEUE_FULL", { message: "m", why: "w", fix: "f" });
const missing = new AuthlogError("ERR_AUTHLOG_TOKEN_MISSING", { message: "m", why: "w", fix: "f" });

it("the first of a code is shown at once; the like of it are counted until a minute is over", () => {
  report(full, 0);
  report(full, 1);
  report(full, 59_999);
  report(missing, 2);
  report(full, 60_000);
  expect(watched.diagnostics.map(({ code, count }) => [code, count])).toEqual([
    ["ERR_AUTHLOG_QUEUE_FULL", 1],
    ["ERR_AUTHLOG_TOKEN_MISSING", 1],
    ["ERR_AUTHLOG_QUEUE_FULL", 3],
  ]);
});

it("a clock that jumps back a day silences nothing", () => {
  report(full, 86_400_000);
  report(full, 0);
  expect(watched.diagnostics).toHaveLength(2);
});

it("a listener that throws does no harm", () => {
  getSlot().onDiagnostic = () => {
    throw new Error("broken listener");
  };
  expect(() => report(full, 0)).not.toThrow();
});

it("an error of another copy of the package is known by its brand", () => {
  expect(AuthlogError.is(full)).toBe(true);
  expect(AuthlogError.is(new Error("no"))).toBe(false);
  expect(AuthlogError.is({ [Symbol.for("authlog.error.v1")]: true })).toBe(true);
  expect(full.link).toBe("node_modules/authlog/docs/errors.md#err_authlog_queue_full");
});

it("the console gets what happened, why, the fix, and once where to read on", () => {
  getSlot().onDiagnostic = undefined;
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  try {
    report(full, 0);
    expect(warn.mock.calls).toEqual([
      [
        "[authlog] ERR_AUTHLOG_QUEUE_FULL: m\n  Why: w\n  Fix: f\n  See node_modules/authlog/docs/errors.md#err_authlog_queue_full",
      ],
    ]);
  } finally {
    warn.mockRestore();
  }
});
