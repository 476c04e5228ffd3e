import { CredentialsSignin, type User } from "next-auth";

/** A person whom the demo knows. The passwords stand on the page; a real app keeps hashes. */
export interface DemoUser {
  id: string;
  name: string;
  email: string;
  password: string;
  /** What becomes of a sign-in with the right password. */
  fate: "signs in" | "is locked out" | "is not admitted" | "meets a broken directory";
}

export const demoUsers: readonly DemoUser[] = [
  person("Alice", "white-rabbit", "signs in"),
  person("Bob", "can-we-fix-it", "signs in"),
  person("Carol", "christmas-past", "is locked out"),
  person("Dave", "pod-bay-doors", "is not admitted"),
  person("Erin", "lost-and-found", "meets a broken directory"),
];

class AccountLocked extends CredentialsSignin {
  override code = "locked";
}

/** An unknown user and a wrong password end alike, so that nobody learns who has an account. */
export function authorize(credentials: Partial<Record<string, unknown>>): User | null {
  const user = demoUsers.find(({ email }) => email === credentials["email"]);
  if (user === undefined || user.password !== credentials["password"]) return null;
  if (user.fate === "is locked out") throw new AccountLocked();
  if (user.fate === "meets a broken directory") throw new Error("The directory does not answer.");
  return { id: user.id, name: user.name, email: user.email };
}

export const isAdmitted = ({ id }: User): boolean =>
  demoUsers.some((user) => user.id === id && user.fate !== "is not admitted");

function person(name: string, password: string, fate: DemoUser["fate"]): DemoUser {
  const id = name.toLowerCase();
  return { id, name, email: `${id}@example.com`, password, fate };
}
