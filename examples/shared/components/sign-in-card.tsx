"use client";

import { useRef } from "react";
import { type DemoUser, demoUsers } from "../lib/demo-users";
import { useKeptEmail } from "../lib/use-kept-email";
import { People } from "./people";
import { Problem } from "./problem";
import { type Way, WayButtons } from "./way-buttons";

interface Props {
  problem: string | undefined;
  /** How one can sign in with an address and a password. */
  ways: readonly Way[];
}

export function SignInCard({ problem, ways }: Props) {
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);
  const [keptEmail, keep] = useKeptEmail(problem !== undefined);

  function fillIn(user: DemoUser): void {
    if (email.current) email.current.value = user.email;
    if (password.current) password.current.value = user.password;
  }

  return (
    <section className="card" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">Sign in</h2>
      <Problem text={problem} />
      {ways.length > 0 && (
        <>
          <form className="sign-in" onSubmit={(event) => keep(new FormData(event.currentTarget))}>
            <label htmlFor="email">E-mail address</label>
            <input
              ref={email}
              id="email"
              name="email"
              type="email"
              autoComplete="username"
              defaultValue={keptEmail}
              required
            />
            <label htmlFor="password">Password</label>
            <input
              ref={password}
              id="password"
              name="password"
              type="password"
              autoComplete="current-password"
              required
            />
            <WayButtons ways={ways} />
          </form>
          <People people={demoUsers} onChoose={fillIn} />
        </>
      )}
    </section>
  );
}
