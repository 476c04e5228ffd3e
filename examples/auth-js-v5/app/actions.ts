"use server";

import { AuthError, CredentialsSignin } from "next-auth";
import { redirect } from "next/navigation";
import { signIn, signOut } from "../auth";

export async function signInByAction(form: FormData): Promise<void> {
  await reportProblem(() =>
    signIn("credentials", {
      email: form.get("email"),
      password: form.get("password"),
      redirectTo: "/",
    }),
  );
}

export async function signInWithOpenIdByAction(): Promise<void> {
  await reportProblem(() => signIn("local", { redirectTo: "/" }));
}

export async function requestLinkByAction(form: FormData): Promise<void> {
  await reportProblem(() => signIn("email", { email: form.get("email"), redirectTo: "/" }));
}

export async function signOutByAction(): Promise<void> {
  await signOut({ redirectTo: "/" });
}

async function reportProblem(act: () => Promise<unknown>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof AuthError)) throw error; // success: Next's redirect travels as a throw
    const problem = new URLSearchParams({ error: error.type });
    if (error instanceof CredentialsSignin) problem.set("code", error.code);
    redirect(`/?${problem.toString()}`);
  }
}
