"use client";

import { SignInCard as Card } from "authlog-example-shared/components/sign-in-card";
import { signIn } from "next-auth/react";
import { signInByAction } from "../app/actions";

const ways = [
  { label: "Sign in", act: signInByAction },
  { label: "Sign in by route handler", act: signInByHandler },
];

interface Props {
  problem: string | undefined;
  /** Whether one can sign in with a password. */
  offered: boolean;
}

export function SignInCard({ problem, offered }: Props) {
  return <Card problem={problem} ways={offered ? ways : []} />;
}

/** The browser posts to /api/auth/callback/credentials itself; no server action is involved. */
async function signInByHandler(form: FormData): Promise<void> {
  await signIn("credentials", {
    email: form.get("email"),
    password: form.get("password"),
    redirectTo: "/",
  });
}
