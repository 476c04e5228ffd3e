import { afterEach, beforeEach, expect, it } from "vitest";
import { printError } from "../../../src/capture/next-auth-v4/logger.ts";

const printed: string[] = [];
const { error: print } = console;

beforeEach(() => {
  printed.length = 0;
  console.error = (...args: unknown[]) => void printed.push(args.join(" "));
});

afterEach(() => {
  console.error = print;
});

it("an error is printed as next-auth 4 prints it, with its message and where it came from", () => {
  printError(["SIGNIN_EMAIL_ERROR", { error: new Error("Mailbox full"), providerId: "email" }]);
  expect(printed).toEqual([
    expect.stringMatching(
      /^\[next-auth\]\[error\]\[SIGNIN_EMAIL_ERROR\] \nhttps:.*#signin_email_error Mailbox full Error: Mailbox full\n +at /,
    ),
  ]);
});

it.each(["state", "nonce"])("the two values of a %s that were compared are left out", (check) => {
  const error = new Error(`${check} mismatch, expected the-expected, got: the-given\nand $& more`);
  printError(["OAUTH_CALLBACK_ERROR", error]);
  printError(["OAUTH_CALLBACK_ERROR", { error, message: error.message, providerId: "local" }]);
  expect(printed).toHaveLength(2);
  for (const line of printed) {
    expect(line).toMatch(/ (\w+) mismatch Error: \1 mismatch\n +at /);
    expect(line).not.toMatch(/the-expected|the-given|more/);
  }
});
