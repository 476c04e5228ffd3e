/** A person whom the demo knows. The passwords stand on the page; a real app keeps hashes. */
export interface DemoUser {
  id: string;
  name: string;
  email: string;
  password: string;
  /** What becomes of a sign-in with the right password. */
  fate:
    | "signs in"
    | "is locked out"
    | "is not admitted"
    | "meets an error"
    | "has terms to accept"
    | "cannot be checked";
}

export const demoUsers: readonly DemoUser[] = [
  person("Alice", "white-rabbit", "signs in"),
  person("Bob", "can-we-fix-it", "signs in"),
  person("Carol", "christmas-past", "is locked out"),
  person("Dave", "pod-bay-doors", "is not admitted"),
  person("Erin", "lost-and-found", "meets an error"),
  person("Frank", "fly-me-to-the-moon", "has terms to accept"),
  person("Grace", "first-actual-bug", "cannot be checked"),
];

function person(name: string, password: string, fate: DemoUser["fate"]): DemoUser {
  const id = name.toLowerCase();
  return { id, name, email: `${id}@example.com`, password, fate };
}
