"use client";

import { type ReactNode, useRef } from "react";
import { type DemoUser, demoUsers } from "../lib/demo-users";
import { Problem } from "./problem";
import { type Way, WayButtons } from "./way-buttons";

interface Props {
  problem: string | undefined;
  /** How one can sign in with an address and a password. */
  ways: readonly Way[];
  /** Other ways to sign in. */
  children?: ReactNode;
}

export function SignInCard({ problem, ways, children }: Props) {
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<HTMLInputElement>(null);

  function fillIn(user: DemoUser): void {
    if (email.current) email.current.value = user.email;
    if (password.current) password.current.value = user.password;
  }

  return (
    <section className="card" aria-labelledby="sign-in-title">
      <h2 id="sign-in-title">Sign in</h2>
      <Problem text={problem} />
      {ways.length > 0 && (
        <form>
          <label htmlFor="email">E-mail address</label>
          <input
            ref={email}
            id="email"
            name="email"
            type="email"
            autoComplete="username"
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
      )}
      {children}

      <h3>Who is here</h3>
      <p className="muted">Choose one to fill in the form, or try a wrong password.</p>
      <ul className="people">
        {demoUsers.map((user) => (
          <li key={user.id}>
            <button type="button" onClick={() => fillIn(user)}>
              <span className="name">{user.name}</span>
              <span className="muted">{user.fate}</span>
              <code>{user.email}</code>
              <code>{user.password}</code>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
