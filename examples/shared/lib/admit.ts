import { demoUsers } from "./demo-users";

/**
 * The `signIn` callback: whether somebody whose identity is proven may come in. Whoever is not in the
 * list may, so that one can register with an e-mail link.
 *
 * @returns where to send people instead, if it is text
 */
export function admit({ email }: { email?: string | null }): boolean | string {
  const fate = demoUsers.find((user) => user.email === email)?.fate;
  if (fate === "cannot be checked") throw new Error("The list of members does not answer.");
  if (fate === "has terms to accept") return "/?error=TermsNotAccepted";
  return fate !== "is not admitted";
}
