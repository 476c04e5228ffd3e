import { describe, expect, it } from "vitest";
import { isIdentifierShaped } from "../../../src/event/privacy.ts";

describe("a claimed identity", () => {
  it.each(["alice@example.com", "a.b+c@mail.example.org", "jörg@bücher.example"])(
    "%s is shaped like one",
    (value) => expect(isIdentifierShaped(value)).toBe(true),
  );

  it.each([
    "hunter2",
    "p@ssw0rd",
    "P@ssw0rd.1",
    "alice",
    "",
    "a@b",
    "x y@example.com",
    "@example.com",
  ])("%j could be a password as well, and is not", (value) =>
    expect(isIdentifierShaped(value)).toBe(false),
  );
});
