import type { DemoUser } from "../lib/demo-users";

interface Props {
  people: readonly DemoUser[];
  onChoose: (user: DemoUser) => void;
}

/** Whom the demo knows, and what becomes of them: a list, and on a phone a strip. */
export function People({ people, onChoose }: Props) {
  return (
    <>
      <h3>Who is here</h3>
      <p className="muted">Choose one to fill in the form, or try a wrong password.</p>
      <ul className="people">
        {people.map((user) => (
          <li key={user.id}>
            <button type="button" onClick={() => onChoose(user)}>
              <span className="name">{user.name}</span>
              <span className="muted">{user.fate}</span>
              <code>{user.email}</code>
              <code>{user.password}</code>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
