"use client";

import { SignInCard as Card } from "authlog-example-shared/components/sign-in-card";
import { signIn } from "next-auth/react";

const ways = [{ label: "Sign in", act: signInByHandler }];

export function SignInCard({ problem }: { problem: string | undefined }) {
  return <Card problem={problem} ways={ways} />;
}

/** Leaves the page: next-auth sends the browser back to it, with the error in the address. */
async function signInByHandler(form: FormData): Promise<void> {
  await signIn("credentials", {
    email: form.get("email"),
    password: form.get("password"),
    callbackUrl: "/",
  });
}
