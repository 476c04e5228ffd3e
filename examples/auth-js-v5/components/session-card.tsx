"use client";

import { signOut } from "next-auth/react";
import { signOutByAction } from "../app/actions";
import { Problem } from "./problem";

interface Props {
  name: string | null | undefined;
  email: string | null | undefined;
  problem: string | undefined;
}

export function SessionCard({ name, email, problem }: Props) {
  return (
    <section className="card" aria-labelledby="session-title">
      <h2 id="session-title">Signed in</h2>
      <Problem text={problem} />
      <p className="person">
        <span className="avatar" aria-hidden="true">
          {name?.slice(0, 1)}
        </span>
        <span>
          <strong>{name}</strong>
          <br />
          <span className="muted">{email}</span>
        </span>
      </p>
      <form action={signOutByAction} className="buttons">
        <button type="submit">Sign out</button>
        <button type="button" className="quiet" onClick={() => void signOut({ redirectTo: "/" })}>
          Sign out by route handler
        </button>
      </form>
    </section>
  );
}
