import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pseudonymKeys, pseudonymOf } from "../../../src/setup/pseudonyms.ts";
import { pseudonymsOf } from "../../../src/setup/pseudonyms-of.ts";
import { attributes } from "../../../src/vocabulary.ts";

const hex = "000102030405060708090a0b0c0d0e0f";

const keyOf = (text: string) => {
  const [key] = pseudonymKeys.parse(text) ?? [];
  if (key === undefined) throw new Error("no key");
  return key;
};
const key = keyOf(`k1:${hex}`);

describe("a pseudonym", () => {
  it("is what any tool makes of the key, the domain and the value", () => {
    // printf 'authlog.v1\nidentity\nalice@example.com' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…0f
    expect(pseudonymOf(key, attributes.userEmail, "alice@example.com")).toBe(
      "hmac-sha256:k1:630216e4a1183500c4cec6d822db8483376b7bcafa269c15c60b228c92e6228a",
    );
  });

  it("joins what one person did, whatever attribute the person stands in", () => {
    const claimed = pseudonymOf(key, attributes.attemptedIdentifier, " Alice@Example.COM ");
    expect(claimed).toBe(pseudonymOf(key, attributes.userEmail, "alice@example.com"));
  });

  it("keeps the case of what is no e-mail address, since it may be another user", () => {
    expect(pseudonymOf(key, attributes.userId, "aB")).not.toBe(
      pseudonymOf(key, attributes.userId, "ab"),
    );
  });

  it("keeps people, addresses and sessions of one text apart", () => {
    const names = [attributes.userId, attributes.clientAddress, attributes.sessionId];
    expect(new Set(names.map((name) => pseudonymOf(key, name, "x"))).size).toBe(3);
  });

  it("is another one under another key", () => {
    const other = keyOf(`k1:${"ff".repeat(16)}`);
    expect(pseudonymOf(other, attributes.userId, "42")).not.toBe(
      pseudonymOf(key, attributes.userId, "42"),
    );
  });

  it("fits the 128 bytes of an actor, whatever it stands for", { timeout: 60_000 }, () => {
    const longest = keyOf(`${"k".repeat(32)}:${hex}`);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(pseudonymOf(longest, attributes.userId, text)).toMatch(
          /^hmac-sha256:k{32}:[0-9a-f]{64}$/,
        );
      }),
    );
    expect(pseudonymOf(longest, attributes.userId, "")).toHaveLength(109);
  });
});

describe("the keys", () => {
  it("are the same in base64, in base64url and in hexadecimal", () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index));
    const [first, ...others] = (["hex", "base64", "base64url"] as const).map((encoding) =>
      pseudonymOf(keyOf(`k1:${bytes.toString(encoding)}`), attributes.userId, "42"),
    );
    expect(others).toEqual([first, first]);
  });

  it.each([
    ["nothing", ""],
    ["no id", hex],
    ["an empty id", `:${hex}`],
    ["an id of other letters", `k 1:${hex}`],
    ["an id that is too long", `${"k".repeat(33)}:${hex}`],
    ["15 bytes in hexadecimal", `k1:${hex.slice(2)}`],
    ["15 bytes in base64", `k1:${Buffer.alloc(15, 250).toString("base64")}`],
    ["no base64", `k1:${"ä".repeat(40)}`],
    ["two colons", `k1:${hex}:${hex}`],
    ["an id twice", `k1:${hex},k1:${"ff".repeat(16)}`],
    ["a second key that is none", `k1:${hex},k2`],
    ["no text", 7],
  ])("of %s cannot be used", (_, value) => expect(pseudonymKeys.parse(value)).toBeUndefined());

  it("show their bytes to no log", () => {
    const shown = inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key);
    expect(shown).not.toContain(hex);
    expect(shown).not.toMatch(/00 ?01 ?02/);
  });
});

it("after a rotation, the pseudonyms of all known keys can be looked up, the current one's first", () => {
  const other = "ff".repeat(16);
  const options = { privacy: { pseudonymKey: `k2:${other}, k1:${hex}` } };
  expect(pseudonymsOf("user.email", "alice@example.com", options)).toEqual([
    pseudonymOf(keyOf(`k2:${other}`), attributes.userEmail, "alice@example.com"),
    pseudonymOf(key, attributes.userEmail, "alice@example.com"),
  ]);
  expect(pseudonymsOf("user.email", "alice@example.com")).toEqual([]);
});
