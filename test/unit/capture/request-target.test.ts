import { describe, expect, it } from "vitest";
import { readTarget4, readTarget5 } from "../../../src/capture/request-target.ts";

describe("the target of a request to next-auth 4", () => {
  it.each<[unknown, object]>([
    [["callback", "github"], { action: "callback", providerId: "github" }],
    [["callback", "github", "x"], { action: "callback", providerId: "github" }],
    [["signout"], { action: "signout", providerId: undefined }],
    [["alice@example.com", "x"], { action: undefined, providerId: "x" }],
    [["Session"], { action: undefined }],
    [[], { action: undefined }],
    [undefined, { action: undefined }],
    // `[nextauth]` in place of `[...nextauth]`: it takes the first letter for the action.
    ["session", { action: undefined, providerId: "e" }],
    [null, { action: undefined }],
    [{ 0: "session" }, { action: "session" }],
  ])("of %j is that of its first two parts", (nextauth, target) => {
    expect(readTarget4(nextauth, {})).toMatchObject(target);
  });
});

const read = (path: string, base?: unknown) => readTarget5(new URL(path, "http://localhost"), base);

describe("the target of a request to Auth.js", () => {
  it.each([
    ["/api/auth/callback/github", { action: "callback", providerId: "github" }],
    ["/api/auth//callback//github/", { action: "callback", providerId: "github" }],
    ["/api/auth/callback/undefined", { action: "callback", providerId: undefined }],
    ["/api/auth/webauthn-options/passkey", { action: "webauthn-options", providerId: "passkey" }],
    ["/api/auth/signout", { action: "signout", providerId: undefined }],
    ["/api/auth/signout/x", { action: undefined, providerId: undefined }],
    ["/api/auth/callback/github/x", { action: undefined, providerId: undefined }],
    ["/api/auth/%63allback/github", { action: undefined, providerId: undefined }],
    ["/api/auth/alice@example.com", { action: undefined, providerId: undefined }],
    ["/api/auth/_log", { action: undefined, providerId: undefined }],
    ["/api/auth", { action: undefined, providerId: undefined }],
  ])("%s is read behind the base path, and not decoded", (path, target) => {
    expect(read(path, "/api/auth")).toEqual(target);
  });

  it.each([undefined, "/another"])("is read from the end where the base path is %s", (base) => {
    expect(read("/a/b/callback/github", base)).toEqual({
      action: "callback",
      providerId: "github",
    });
    expect(read("/a/session", base)).toMatchObject({ action: "session" });
    expect(read("/", base)).toMatchObject({ action: undefined });
  });

  it("holds the address of the query that Auth.js takes, which is the last", () => {
    expect(read("/api/auth/callback/email?email=a&email=b", "/api/auth").linkEmail).toBe("b");
  });
});
