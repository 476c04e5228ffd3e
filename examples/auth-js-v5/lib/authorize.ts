import { CredentialsSignin, type User } from "next-auth";
import { demoUsers } from "authlog-example-shared/lib/demo-users";

class AccountLocked extends CredentialsSignin {
  override code = "locked";
}

/** An unknown user and a wrong password end alike, so that nobody learns who has an account. */
export function authorize(credentials: Partial<Record<string, unknown>>): User | null {
  const user = demoUsers.find(({ email }) => email === credentials["email"]);
  if (user === undefined || user.password !== credentials["password"]) return null;
  if (user.fate === "is locked out") throw new AccountLocked();
  if (user.fate === "meets an error") {
    // As Node's own errors have it: without a code it would be a refusal.
    throw Object.assign(new Error("The directory does not answer."), { code: "ECONNREFUSED" });
  }
  return { id: user.id, name: user.name, email: user.email };
}
