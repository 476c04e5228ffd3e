"use server";

import { AuthError, CredentialsSignin } from "next-auth";
import { redirect } from "next/navigation";
import { signIn, signOut } from "../auth";

export async function signInByAction(form: FormData): Promise<void> {
  try {
    await signIn("credentials", {
      email: form.get("email"),
      password: form.get("password"),
      redirectTo: "/",
    });
  } catch (error) {
    if (!(error instanceof AuthError)) throw error; // success: Next's redirect travels as a throw
    const problem = new URLSearchParams({ error: error.type });
    if (error instanceof CredentialsSignin) problem.set("code", error.code);
    redirect(`/?${problem.toString()}`);
  }
}

export async function signOutByAction(): Promise<void> {
  await signOut({ redirectTo: "/" });
}
