import { afterEach, describe, expect, it } from "vitest";
import { errorKind } from "../../src/errors.ts";
import { causeText } from "../../src/files/system-reason.ts";
import { report } from "../../src/telemetry/diagnostics.ts";
import { emit } from "../../src/telemetry/logger.ts";
import { unwritable } from "../../src/delivery/journal/journal-errors.ts";
import { watchSlot } from "../support/slot.ts";

const watched = watchSlot();

const api2 = Symbol.for("io.opentelemetry.js.api.logs");
afterEach(() => void Reflect.deleteProperty(globalThis, api2));

class QuotaError extends Error {}

describe("what an error says of the one that was caught", () => {
  it.each<[unknown, string]>([
    [Object.assign(new Error("secret"), { code: "EACCES" }), "(EACCES)"],
    [new QuotaError("secret"), "(QuotaError)"],
    [
      Object.assign(new QuotaError("secret"), { code: "a secret in a sentence" }),
      "(of no known kind)",
    ],
    ["secret", "(what was thrown is no error)"],
    [
      new Proxy(new Error("secret"), {
        get: () => {
          throw new Error("secret");
        },
      }),
      "(which cannot be read)",
    ],
  ])("is its kind, and never what it holds: %#", (error, kind) => {
    expect(errorKind(error)).toBe(kind);
  });

  it("is its own text where the error is the system's over a file", () => {
    const error = Object.assign(new Error("EROFS: read-only file system, open '/x'"), {
      code: "EROFS",
    });
    expect(causeText(error)).toBe("The cause: EROFS: read-only file system, open '/x'.");
    expect(causeText(new Error("It is gone.\nRequire stack: …"))).toBe("The cause: It is gone.");
  });

  it("is in a diagnostic of a logger that threw, without its message", () => {
    const provider = {
      getLogger: () => ({
        emit: () => {
          throw new QuotaError("secret");
        },
      }),
    };
    Object.assign(globalThis, { [api2]: () => provider });
    const record = {
      eventName: "e",
      timeUnixMillis: 0,
      severityNumber: 9,
      severityText: "INFO",
      body: "",
      attributes: {},
    };
    emit(record, () => {});
    expect(watched.diagnostics[0]?.why).toContain("(QuotaError)");
    expect(JSON.stringify(watched.diagnostics)).not.toContain("secret");
  });

  it("is in a diagnostic of the journal also where it is none of the system's", () => {
    report(unwritable("/journal", new Error("Other processes cleared it away.")));
    expect(watched.diagnostics[0]?.why).toBe(
      "The cause: Other processes cleared it away. The journal's folder is /journal.",
    );
  });
});
