import Credentials from "@auth/core/providers/credentials";
import { AccessDenied, CredentialsSignin } from "@auth/core/errors";
import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { installCaptureSettings } from "../../../src/setup/capture-settings.ts";
import { resolveConfig } from "../../../src/setup/config.ts";
import type { AuthlogOptions } from "../../../src/setup/authlog-options.ts";
import { createApp } from "../../support/auth-js.ts";
import { createApp4, providers4 } from "../../support/next-auth-v4.ts";
import { watchSlot } from "../../support/slot.ts";

const watched = watchSlot();

/** What is recorded of a sign-in whose `authorize` throws. */
async function reasonOf(major: string, thrown: unknown): Promise<unknown> {
  const authorize = (): never => {
    throw thrown;
  };
  const fields = { email: "alice@example.com", password: "wrong" };
  if (major === "5") {
    const app = createApp({ providers: [Credentials({ authorize })] });
    await app.post("callback/credentials", fields);
  } else {
    const app = createApp4({ providers: [providers4.Credentials({ authorize }) as never] });
    // What is thrown without a message, next-auth 4 does not survive.
    await app.post("callback/credentials", fields).catch(() => {});
  }
  expect(watched.names()).toEqual(["auth.sign_in"]);
  return watched.last()["auth.failure.reason"];
}

const typeOf = { "4": "AuthorizeError", "5": "CallbackRouteError" } as const;

class InvalidPasswordError extends Error {}

const refusals: readonly [string, () => unknown][] = [
  ["a bare error", () => new Error("Wrong password")],
  ["a bare error of another realm", () => runInContext('new Error("Wrong")', createContext())],
  ["a bare error with a bare cause", () => new Error("No", { cause: new Error("Wrong") })],
  ["a bare error with a note as its cause", () => new Error("No", { cause: { user: 7 } })],
  ["a text", () => "Wrong password"],
];

const cyclic = (): Error => {
  const error = new Error("round");
  error.cause = error;
  return error;
};

const faults: readonly [string, () => unknown][] = [
  ["an error with a code", () => Object.assign(new Error("no"), { code: "P2002" })],
  ["an error with an errno", () => Object.assign(new Error("no"), { errno: -111 })],
  ["an error with a syscall", () => Object.assign(new Error("no"), { syscall: "connect" })],
  ["a redirect of Next.js", () => Object.assign(new Error("no"), { digest: "NEXT_REDIRECT;" })],
  ["an error that was given a name", () => Object.assign(new Error("no"), { name: "AbortError" })],
  ["a class of its own, whatever its name says", () => new InvalidPasswordError("no")],
  ["a class of another realm", () => runInContext('new TypeError("no")', createContext())],
  ["a TypeError", () => new TypeError("fetch failed", { cause: new Error("connect") })],
  ["several errors", () => new AggregateError([new Error("no")])],
  ["an abort", () => new DOMException("no", "AbortError")],
  ["a cause with a code", () => new Error("no", { cause: { code: "ECONNREFUSED" } })],
  ["a cause of a class", () => new Error("no", { cause: new RangeError("no") })],
  [
    "a cause of a cause",
    () => new Error("a", { cause: new Error("b", { cause: new TypeError("c") }) }),
  ],
  ["a cause that is itself", cyclic],
  ["an object", () => ({ message: "no" })],
  ["nothing", () => null],
];

describe.each(["4", "5"] as const)("with next-auth %s, an authorize that throws", (major) => {
  it.each(refusals)("%s refuses somebody", async (_, make) => {
    expect(await reasonOf(major, make())).toBe("invalid_credentials");
    expect(watched.last()["error.type"]).toBe(typeOf[major]);
    expect(watched.diagnostics).toEqual([]);
  });

  it.each(faults)("%s has failed", async (_, make) => {
    expect(await reasonOf(major, make())).toBe("provider_error");
    expect(watched.last()["error.type"]).toBe(typeOf[major]);
  });
});

const configure = (classifyAuthorizeError: unknown): void =>
  installCaptureSettings(resolveConfig({ classifyAuthorizeError } as AuthlogOptions, {}));

describe.each(["4", "5"] as const)(
  "with next-auth %s, an app's classifyAuthorizeError",
  (major) => {
    it("says why authorize threw", async () => {
      configure((error: unknown) =>
        error instanceof InvalidPasswordError ? "invalid_credentials" : undefined,
      );
      expect(await reasonOf(major, new InvalidPasswordError("no"))).toBe("invalid_credentials");
    });

    it("leaves to the default what it does not know", async () => {
      configure(() => undefined);
      expect(await reasonOf(major, new TypeError("no"))).toBe("provider_error");
      expect(watched.diagnostics).toEqual([]);
    });

    it.each<[string, unknown]>([
      [
        "throws",
        () => {
          throw new Error("its own fault");
        },
      ],
      ["gives a reason that is none", () => "alice@example.com"],
      ["gives a promise that is rejected", () => Promise.reject(new Error("late"))],
    ])("that %s leaves it to the default, and it is reported", async (_, classify) => {
      configure(classify);
      expect(await reasonOf(major, new Error("Wrong password"))).toBe("invalid_credentials");
      expect(watched.diagnostics.map(({ code }) => code)).toEqual(["ERR_AUTHLOG_CAPTURE_FAILED"]);
      expect(JSON.stringify(watched.records)).not.toContain("its own fault");
    });
  },
);

it("a classifyAuthorizeError that is no function is a setting that cannot be used", () => {
  const { classifyAuthorizeError, problems } = resolveConfig(
    { classifyAuthorizeError: "rate_limited" as never },
    {},
  );
  expect(classifyAuthorizeError.value).toBeUndefined();
  expect(problems).toMatchObject([
    {
      code: "ERR_AUTHLOG_CONFIG_INVALID",
      message: expect.stringContaining("classifyAuthorizeError") as string,
    },
  ]);
});

it("an error of Auth.js means what it says, unless the app says otherwise", async () => {
  expect(await reasonOf("5", new AccessDenied("no"))).toBe("access_denied");
  watched.records.length = 0;
  configure(() => "locked_out");
  expect(await reasonOf("5", new AccessDenied("no"))).toBe("locked_out");
  expect(watched.last()["error.type"]).toBe("AccessDenied");
  watched.records.length = 0;
  expect(await reasonOf("5", new CredentialsSignin())).toBe("invalid_credentials");
});
