import { demoUsers } from "authlog-example-shared/lib/demo-users";
import type { User } from "next-auth";

/** Next-auth 4 shows the message. The code is for the audit log, which keeps no messages. */
class AccountLocked extends Error {
  readonly code = "locked";
}

/**
 * An unknown user and a wrong password end alike, so that nobody learns who has an account. What is
 * thrown, next-auth 4 shows: its message becomes the `error` in the address of the page.
 */
export async function authorize(
  credentials: Record<"email" | "password", string> | undefined,
): Promise<User | null> {
  const user = demoUsers.find(({ email }) => email === credentials?.email);
  if (user === undefined || user.password !== credentials?.password) return null;
  if (user.fate === "is locked out") throw new AccountLocked("locked");
  if (user.fate === "meets an error") {
    // As Node's own errors have it: without a code it would be a refusal.
    throw Object.assign(new Error("The directory does not answer."), { code: "ECONNREFUSED" });
  }
  return { id: user.id, name: user.name, email: user.email };
}
