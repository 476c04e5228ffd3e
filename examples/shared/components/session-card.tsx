"use client";

import { Problem } from "./problem";
import { type Way, WayButtons } from "./way-buttons";

interface Props {
  name: string | null | undefined;
  email: string | null | undefined;
  problem: string | undefined;
  /** How one can sign out. */
  ways: readonly Way[];
}

export function SessionCard({ name, email, problem, ways }: Props) {
  return (
    <section className="card" aria-labelledby="session-title">
      <h2 id="session-title">Signed in</h2>
      <Problem text={problem} />
      <p className="person">
        <span className="avatar" aria-hidden="true">
          {(name ?? email)?.slice(0, 1)}
        </span>
        <span>
          {name && (
            <>
              <strong>{name}</strong>
              <br />
            </>
          )}
          <span className="muted">{email}</span>
        </span>
      </p>
      <form>
        <WayButtons ways={ways} />
      </form>
    </section>
  );
}
