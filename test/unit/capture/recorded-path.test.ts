import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { recordedPath } from "../../../src/capture/recorded-path.ts";

const providers = new Map([["credentials", { id: "credentials" }]]);
const callback = { action: "callback", providerId: "credentials" };

describe("of a path of NextAuth's own", () => {
  it.each([
    ["/api/auth/callback/credentials", "/api/auth/callback/credentials"],
    ["/api/auth/callback/credentials/", "/api/auth/callback/credentials"],
    ["/api/auth/callback/credentials/alice@example.com", "/api/auth/callback/credentials"],
    ["/api/auth/%63allback/credenti%61ls/4711", "/api/auth/callback/credentials"],
    ["//api//auth//callback//credentials//x", "/api/auth/callback/credentials"],
    ["/api/auth/alice@example.com/callback/credentials", "/api/auth/callback/credentials"],
    [
      "/api/auth/callback/credentials/alice@example.com/callback/credentials",
      "/api/auth/callback/credentials",
    ],
    ["/callback/auth/callback/credentials", "/callback/auth/callback/credentials"],
    ["/sp%C3%A4ter/auth/callback/credentials", "/sp%C3%A4ter/auth/callback/credentials"],
    ["/api/auth/callback/credentials/%", "/api/auth/callback/credentials"],
    ["/elsewhere", undefined],
  ])("%s base path, action and provider are recorded: %s", (pathname, recorded) => {
    expect(recordedPath(pathname, callback, providers)).toBe(recorded);
  });

  it("a provider is recorded where it is one of the app's", () => {
    const target = { action: "signin", providerId: "invoice-4711" };
    const path = "/api/auth/signin/invoice-4711";
    expect(recordedPath(path, target, providers)).toBe("/api/auth/signin");
    expect(recordedPath(path, target, new Map())).toBe(path);
    const address = { action: "signin", providerId: "alice@example.com" };
    expect(recordedPath("/api/auth/signin/alice@example.com", address, new Map())).toBe(
      "/api/auth/signin",
    );
  });

  it("nothing is recorded where the action is unknown", () => {
    expect(recordedPath("/api/auth/4711", { action: "4711" }, providers)).toBeUndefined();
    expect(recordedPath("/api/auth/x", { action: undefined }, providers)).toBeUndefined();
  });

  it("nothing that follows is, whatever it is", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (rest) => {
        const path = ["/api/auth/callback/credentials", ...rest].join("/");
        expect(recordedPath(path, callback, providers)).toBe("/api/auth/callback/credentials");
      }),
    );
  });
});
