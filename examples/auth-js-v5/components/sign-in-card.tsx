"use client";

import { signIn } from "next-auth/react";
import { useRef } from "react";
import { signInByAction } from "../app/actions";
import type { DemoUser } from "../lib/demo-users";
import { Problem } from "./problem";

interface Props {
  users: readonly DemoUser[];
  problem: string | undefined;
}

export function SignInCard({ users, problem }: Props) {
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
      <form action={signInByAction}>
        <label htmlFor="email">E-mail address</label>
        <input ref={email} id="email" name="email" type="email" autoComplete="username" required />
        <label htmlFor="password">Password</label>
        <input
          ref={password}
          id="password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
        <div className="buttons">
          <button type="submit">Sign in</button>
          <button type="submit" className="quiet" formAction={signInByHandler}>
            Sign in by route handler
          </button>
        </div>
      </form>

      <h3>Who is here</h3>
      <p className="muted">Choose one to fill in the form, or try a wrong password.</p>
      <ul className="people">
        {users.map((user) => (
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

/** The browser posts to /api/auth/callback/credentials itself; no server action is involved. */
async function signInByHandler(form: FormData): Promise<void> {
  await signIn("credentials", {
    email: form.get("email"),
    password: form.get("password"),
    redirectTo: "/",
  });
}
