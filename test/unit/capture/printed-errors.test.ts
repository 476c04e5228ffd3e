import { expect, it } from "vitest";
import { printError } from "../../../src/capture/next-auth-v4/logger.ts";

/** What is printed of one call of next-auth's logger. */
function printed(...call: unknown[]): string {
  let output = "";
  printError(call, (...lines) => (output += lines.join(" ")));
  return output;
}

it("an error is printed as next-auth 4 prints it, with its message and where it came from", () => {
  const error = new Error("Mailbox full");
  expect(printed("SIGNIN_EMAIL_ERROR", { error, providerId: "email" })).toMatch(
    /^\[next-auth\]\[error\]\[SIGNIN_EMAIL_ERROR\] \nhttps:.*#signin_email_error Mailbox full Error: Mailbox full\n +at /,
  );
});

it.each(["state", "nonce"])("the two values of a %s that were compared are left out", (check) => {
  const error = new Error(`${check} mismatch, expected the-expected, got: the-given\nand $& more`);
  for (const metadata of [error, { error, message: error.message, providerId: "local" }]) {
    const output = printed("OAUTH_CALLBACK_ERROR", metadata);
    expect(output).toMatch(/ (\w+) mismatch Error: \1 mismatch\n +at /);
    expect(output).not.toMatch(/the-expected|the-given|more/);
  }
});
